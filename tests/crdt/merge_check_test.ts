import { assertEquals } from "@std/assert";
import type { JsonValue } from "../../src/base/json.ts";
import { checkMerge, JsonCrdt } from "../../src/crdt/mod.ts";
import type { MergeFunction } from "../../src/crdt/strategies.ts";

const sum: MergeFunction = (values) =>
  values.reduce((a: number, b) => a + Number(b), 0);
const average: MergeFunction = (values) => Number(sum(values)) / values.length;
const first: MergeFunction = ([value]) => value as JsonValue;
const greatest: MergeFunction = (values) => Math.max(...values.map(Number));

function lawsOf(merge: MergeFunction, samples: JsonValue[] = [1, 2, 6]) {
  return checkMerge(merge, samples).map(({ law }) => law).sort();
}

Deno.test("a join breaks no law", () => {
  assertEquals(checkMerge(greatest, [3, 1, 2, 2, -7]), []);
});

Deno.test("each broken law is found, with values that show it", () => {
  assertEquals(lawsOf(sum), ["idempotent"]);
  assertEquals(lawsOf(average), ["associative", "idempotent"]);
  assertEquals(lawsOf(first), ["commutative"]);
  assertEquals(checkMerge(first, [1, 2])[0]?.values, [1, 1, 2]);
});

Deno.test("what is no merge at all is found as well", () => {
  assertEquals(lawsOf(() => NaN), ["valid"]);
  assertEquals(
    lawsOf(() => {
      throw new Error("no");
    }),
    ["valid"],
  );
  let count = 0;
  assertEquals(lawsOf(() => count++).includes("valid"), true);
  const changing: MergeFunction = (values) => (values[0] as JsonValue[]).pop()!;
  assertEquals(lawsOf(changing, [[1], [2]]), ["valid"]);
});

/** A document with two concurrent values at `x`, and what it reported. */
function withConflict(merges: { [name: string]: MergeFunction }) {
  const ann = new JsonCrdt("ann", { merges });
  const reported: string[] = [];
  ann.on("violation", ({ name, law }) => reported.push(`${name} ${law}`));
  const bob = new JsonCrdt("bob");
  const sent: Uint8Array[] = [];
  for (const doc of [ann, bob]) {
    doc.on("change", (event) => {
      if (event.origin === "local") sent.push(event.message());
    });
  }
  ann.setStrategy("**", { value: "merge:mine" });
  for (const message of sent) bob.receiveMessage(message);
  ann.set(["x"], 1);
  bob.set(["x"], 2);
  for (const message of sent) ann.receiveMessage(message);
  return { ann, reported };
}

Deno.test("a merge that breaks a law in use is reported once", () => {
  const { ann, reported } = withConflict({ mine: first });
  assertEquals(ann.get(["x"]), 1);
  ann.toJSON();
  assertEquals(reported, ["mine commutative"]);
  const sums = withConflict({ mine: sum });
  assertEquals(sums.ann.get(["x"]), 3);
  assertEquals(sums.reported, ["mine idempotent"]);
});

Deno.test("a merge that fails in use is reported, and the newest shows", () => {
  const failing = withConflict({
    mine: () => {
      throw new Error("no");
    },
  });
  assertEquals(failing.ann.get(["x"]), 2);
  assertEquals(failing.reported, ["mine valid"]);
  const odd = withConflict({ mine: (() => undefined) as never });
  assertEquals(odd.ann.get(["x"]), 2);
  assertEquals(odd.reported, ["mine valid"]);
});

Deno.test("a merge that this replica does not have is reported", () => {
  const { ann, reported } = withConflict({});
  assertEquals([ann.get(["x"]), ann.get(["x"])], [2, 2]);
  assertEquals(reported, ["mine known"]);
});

Deno.test("a merge that obeys is not reported", () => {
  const { ann, reported } = withConflict({ mine: greatest });
  assertEquals(ann.get(["x"]), 2);
  assertEquals(reported, []);
});
