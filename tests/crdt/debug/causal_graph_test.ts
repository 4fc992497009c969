import { assert, assertEquals } from "@std/assert";
import { causalGraph } from "../../../src/crdt/debug/causal_graph.ts";
import { JsonCrdt } from "../../../src/crdt/mod.ts";
import type { OperationJson } from "../../../src/crdt/operation_json.ts";

/** Two documents that hear each other while `isOpen`, and their log. */
function makePair() {
  const log: OperationJson[] = [];
  const wire = { isOpen: true };
  const docs = [new JsonCrdt("ann"), new JsonCrdt("bob")] as const;
  const waiting: [JsonCrdt, Uint8Array][] = [];
  docs.forEach((doc, index) =>
    doc.on("change", (event) => {
      if (event.origin !== "local") return;
      log.push(...event.operations());
      waiting.push([docs[1 - index] as JsonCrdt, event.message()]);
      if (wire.isOpen) flush();
    })
  );
  const flush = () => {
    for (const [doc, message] of waiting.splice(0)) doc.receiveMessage(message);
  };
  return { ann: docs[0], bob: docs[1], log, wire, flush };
}

Deno.test("a graph has transactions, and what they name", () => {
  const { ann, bob, log, wire, flush } = makePair();
  ann.set(["a"], { x: 1, y: 2 });
  bob.set(["a", "x"], 3);
  wire.isOpen = false;
  ann.set(["b"], 1);
  bob.set(["b"], 2);
  wire.isOpen = true;
  flush();
  ann.delete(["b"]);
  const { nodes, edges } = causalGraph(log);
  assertEquals(
    nodes.map(({ dot, operations }) => [...dot, operations.length]),
    [["ann", 1, 3], ["ann", 4, 1], ["ann", 5, 1], ["bob", 1, 1], ["bob", 2, 1]],
  );
  assertEquals(edges.map(({ from, to, isOwn }) => [from, to, isOwn]), [
    [0, 1, true],
    [1, 2, true],
    [4, 2, false],
    [0, 3, false],
    [3, 4, true],
  ]);
});

Deno.test("a graph does not depend on the order of the log", () => {
  const { ann, bob, log } = makePair();
  ann.set(["a"], 1);
  bob.set(["a"], { b: 1 });
  ann.set(["a", "b"], 2);
  const { nodes, edges } = causalGraph(log);
  const reversed = causalGraph([...log].reverse());
  assertEquals([reversed.nodes, reversed.edges], [nodes, edges]);
});

Deno.test("what is named and not in the log has a node without operations", () => {
  const { ann, bob, log } = makePair();
  ann.set(["a"], 1);
  bob.set(["a"], 2);
  const graph = causalGraph(log.slice(1));
  assertEquals(graph.nodes.map(({ dot }) => dot), [["bob", 1], ["ann", 1]]);
  assertEquals(graph.edges, [{ from: 1, to: 0, isOwn: false }]);
  assert(graph.toMermaid().includes('n1["ann 1: not in the log"]'));
});

Deno.test("labels are short, and harmless to what draws them", () => {
  const { ann, log } = makePair();
  ann.transact(() => {
    for (const key of ['"]; end\n', "x".repeat(100), "3", "4", "5"]) {
      ann.set([key], 1);
    }
  });
  const long = `${"x".repeat(40)}...`;
  assertEquals(
    causalGraph(log).toMermaid(),
    `graph LR
  n0["ann 1: set #34;#93;#59; end, set ${long}, set 3, 2 more"]
`,
  );
  assertEquals(
    causalGraph(log).toDot(),
    `digraph operations {
  rankdir=LR;
  node [shape=box];
  n0 [label="ann 1: set \\"]; end, set ${long}, set 3, 2 more"];
}
`,
  );
});

Deno.test("edges to others are dashed", () => {
  const { ann, bob, log } = makePair();
  ann.set(["a"], 1);
  ann.set(["b"], 1);
  bob.set(["b"], 2);
  const graph = causalGraph(log);
  assert(graph.toMermaid().endsWith("  n0 --> n1\n  n1 -.-> n2\n"));
  assert(graph.toDot().includes("  n1 -> n2 [style=dashed];\n"));
});

Deno.test("an element, an origin, a text and what is removed are named, too", () => {
  const [ann, bob] = [new JsonCrdt("ann"), new JsonCrdt("bob")];
  const log: OperationJson[] = [];
  for (const doc of [ann, bob]) {
    doc.on("change", (event) => {
      if (event.origin === "local") log.push(...event.operations());
    });
  }
  bob.set(["b"], 1);
  const acts: [(doc: JsonCrdt) => void, (doc: JsonCrdt) => void][] = [
    [(doc) => doc.set(["list"], [{}]), (doc) => doc.set(["list", 0, "x"], 1)],
    [(doc) => doc.push(["list"], 1), (doc) => doc.push(["list"], 2)],
    [(doc) => doc.set(["t"], "ab"), (doc) => doc.insertText(["t"], 2, "c")],
    [(doc) => doc.push(["list"], 3, 4), (doc) => doc.removeAt(["list"], 3, 2)],
    [
      (doc) => doc.push(["list"], 5),
      (doc) => doc.move(["t"], ["list", doc.length(["list"])]),
    ],
  ];
  for (const [first, second] of acts) {
    first(ann);
    bob.applyDiff(ann.encodeDiff(bob.clock()));
    second(bob);
    ann.applyDiff(bob.encodeDiff(ann.clock()));
    const { nodes, edges } = causalGraph(log);
    const of = (name: string) =>
      nodes.findLastIndex(({ dot }) => dot[0] === name);
    const edge = { from: of("ann"), to: of("bob"), isOwn: false };
    const isThere = edges.some((each) =>
      each.from === edge.from && each.to === edge.to
    );
    assert(isThere, `${JSON.stringify(edge)} of ${JSON.stringify(edges)}`);
  }
});
