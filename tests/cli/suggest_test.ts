import { assertEquals } from "@std/assert";
import { didYouMean, suggest } from "../../src/cli/suggest.ts";

const VERBS = ["start", "status", "list", "resolve", "watch", "kill"];

Deno.test("a slip of the finger finds the word that was meant", () => {
  const slips: [string, string][] = [
    ["lst", "list"],
    ["lsit", "list"],
    ["stat", "start"],
    ["statuss", "status"],
    ["resolv", "resolve"],
    ["wacth", "watch"],
    ["KILL", "kill"],
    ["kil", "kill"],
  ];
  for (const [slip, word] of slips) assertEquals(suggest(slip, VERBS), word);
});

Deno.test("another word finds nothing", () => {
  for (const word of ["", "x", "frobnicate", "delete", "l".repeat(5000)]) {
    assertEquals(suggest(word, VERBS), undefined);
  }
});

Deno.test("the question is asked only if there is something to ask", () => {
  assertEquals(didYouMean("lst", VERBS), '. Did you mean "list"?');
  assertEquals(didYouMean("frobnicate", VERBS), "");
});
