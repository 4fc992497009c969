import { assertEquals, assertThrows } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import { parseJson } from "../../src/wire/json_text.ts";
import { JSON_DEPTH_MAX } from "../../src/wire/limits.ts";

function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

function code(text: string): string {
  return assertThrows(() => parseJson(text), DistflowError).code;
}

Deno.test("text that is not JSON breaks the protocol", () => {
  for (const text of ["", "{", "undefined", "{'a':1}", "[1,]", "\u0000"]) {
    assertEquals(code(text), "PROTOCOL_VIOLATION");
  }
});

Deno.test("nesting up to the limit passes, one level more does not", () => {
  parseJson(nested(JSON_DEPTH_MAX));
  assertEquals(code(nested(JSON_DEPTH_MAX + 1)), "PROTOCOL_VIOLATION");
});

Deno.test("objects count as levels, too", () => {
  const depth = JSON_DEPTH_MAX + 1;
  const text = '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
  assertEquals(code(text), "PROTOCOL_VIOLATION");
});

Deno.test("half a million levels are refused without exhausting the stack", () => {
  assertEquals(code(nested(500_000)), "PROTOCOL_VIOLATION");
});

Deno.test("many brackets side by side are not deep", () => {
  const text = `[${Array(5000).fill('{"a":[1]}').join(",")}]`;
  assertEquals((parseJson(text) as unknown[]).length, 5000);
});

Deno.test("brackets in strings are not levels", () => {
  const text = JSON.stringify("[{".repeat(5000));
  assertEquals(parseJson(text), "[{".repeat(5000));
});
