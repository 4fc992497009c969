import { assertEquals } from "@std/assert";
import type { JsonValue } from "../../../src/base/json.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { diffStates } from "../../../src/crdt/debug/diff_states.ts";

function told(before: JsonValue, after: JsonValue): string[] {
  return diffStates(before, after).map(({ kind, path }) =>
    `${kind} ${path.join(".")}`
  );
}

Deno.test("states that are the same have no differences", () => {
  assertEquals(diffStates({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }), []);
});

Deno.test("differences are told at the deepest place, in the order of keys", () => {
  const before = { b: { x: 1, y: 1 }, a: 1, d: [1] };
  const after = { a: "1", b: { y: 2, x: 1 }, c: null, d: { 0: 1 } };
  assertEquals(diffStates(before, after), [
    { kind: "changed", path: ["a"], before: 1, after: "1" },
    { kind: "changed", path: ["b", "y"], before: 1, after: 2 },
    { kind: "added", path: ["c"], after: null },
    { kind: "changed", path: ["d"], before: [1], after: { 0: 1 } },
  ]);
});

Deno.test("what was put into a list or taken out is told alone", () => {
  assertEquals(told([1, 2, 3], [1, 9, 2, 3]), ["added 1"]);
  assertEquals(told([1, 2, 3], [1, 3]), ["removed 1"]);
  assertEquals(told([1, 1], [1, 1, 1]), ["added 2"]);
  assertEquals(told([{ a: 1 }, 2], [{ a: 2 }, 2]), ["changed 0.a"]);
});

Deno.test("keys of prototypes are keys like others", () => {
  const parse = (text: string) => JSON.parse(text) as JsonValue;
  assertEquals(told({}, parse('{"__proto__":1}')), ["added __proto__"]);
  assertEquals(told(parse('{"constructor":1}'), {}), ["removed constructor"]);
});

/** Makes of maps what the differences say. */
function apply(state: JsonValue, after: JsonValue): JsonValue {
  const copy = structuredClone(state) as Record<string, never>;
  for (const difference of diffStates(state, after)) {
    const path = [...difference.path];
    const last = String(path.pop());
    let place = copy;
    for (const step of path) place = place[step] as unknown as typeof place;
    if (difference.kind === "removed") delete place[last];
    else place[last] = difference.after as never;
  }
  return copy;
}

Deno.test("differences of maps lead from one state to the other", () => {
  const random = new SeededRandom(3);
  const make = (depth: number): JsonValue =>
    depth > 2 || random.chance(30) ? random.below(3) : Object.fromEntries(
      ["a", "b", "c"].filter(() => random.chance(60))
        .map((key) => [key, make(depth + 1)]),
    );
  for (let round = 0; round < 500; round++) {
    const [before, after] = [{ r: make(0) }, { r: make(0) }];
    assertEquals(apply(before, after), after);
  }
});
