import { assertEquals, assertThrows } from "@std/assert";
import { parseTarget } from "../../src/node/target.ts";

Deno.test("a target is an alias, a node id, or alias@host[:pmdPort]", () => {
  assertEquals(parseTarget("worker-1"), { name: "worker-1" });
  assertEquals(parseTarget("w@10.0.0.7"), {
    name: "w",
    pmd: { hostname: "10.0.0.7", port: 4369 },
  });
  assertEquals(parseTarget("w@db.example:5000").pmd, {
    hostname: "db.example",
    port: 5000,
  });
  assertEquals(parseTarget("w@[::1]:5000").pmd, {
    hostname: "::1",
    port: 5000,
  });
  assertEquals(parseTarget("w@[fe80::1]").pmd, {
    hostname: "fe80::1",
    port: 4369,
  });
});

Deno.test("anything else is refused, and the message shows what it may be", () => {
  const wrong = [
    "",
    "@",
    "a b",
    "a@",
    "@host",
    "a@b@c",
    "a@host:0",
    "a@host:65536",
    "a@host:x",
    "a@::1",
    "a@[x]",
    "-a",
    "a".repeat(129),
    "a@" + "h".repeat(300),
    "a\n",
  ];
  // Not all callers are checked by a compiler.
  const wrongTypes = [undefined, null, 5, { name: "a" }] as unknown as string[];
  for (const text of [...wrong, ...wrongTypes]) {
    assertThrows(() => parseTarget(text), TypeError, "alias@host[:pmdPort]");
  }
});
