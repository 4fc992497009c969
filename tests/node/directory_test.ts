import { assert, assertEquals } from "@std/assert";
import { Directory, type DirectoryChange } from "../../src/node/directory.ts";
import type { RegisteredNode } from "../../src/wire/pmd_messages.ts";

function node(nodeId: string, fields: Partial<RegisteredNode> = {}) {
  return {
    nodeId,
    host: "127.0.0.1",
    port: 5000,
    incarnation: 1,
    pid: 1,
    runtime: "test/1",
    registeredAtMs: 0,
    heartbeatAgeMs: 0,
    ...fields,
  };
}

function snapshot(sequence: number, ...nodes: RegisteredNode[]) {
  return { type: "snapshot", sequence, nodes } as const;
}

function show(changes: readonly DirectoryChange[] | undefined) {
  return changes?.map((change) =>
    change.type === "join"
      ? `+${change.peer.nodeId}`
      : `-${change.peer.nodeId} ${change.reason}`
  );
}

Deno.test("a snapshot tells who joined and who left, never the node itself", () => {
  const directory = new Directory("me");
  assertEquals(
    show(
      directory.applySnapshot(snapshot(3, node("me"), node("a"), node("b"))),
    ),
    ["+a", "+b"],
  );
  assertEquals(
    show(directory.applySnapshot(snapshot(5, node("b"), node("c")))),
    [
      "-a disconnected",
      "+c",
    ],
  );
  assertEquals(directory.peers.map((peer) => peer.nodeId), ["b", "c"]);
});

Deno.test("events apply in order; a missing number asks for a snapshot", () => {
  const directory = new Directory("me");
  directory.applySnapshot(snapshot(7));
  const join = { type: "join", node: node("a", { alias: "x" }) } as const;
  assertEquals(show(directory.applyEvent({ ...join, sequence: 8 })), ["+a"]);
  assertEquals(directory.find("x")?.nodeId, "a");
  assertEquals(directory.applyEvent({ ...join, sequence: 10 }), undefined);
});

Deno.test("the end of an older life does not remove the newer one", () => {
  const directory = new Directory("me");
  directory.applySnapshot(snapshot(1, node("a", { incarnation: 5 })));
  const leave = {
    type: "leave",
    sequence: 2,
    nodeId: "a",
    incarnation: 4,
    reason: "expired",
  } as const;
  assertEquals(directory.applyEvent(leave), []);
});

Deno.test("a peer that comes back with a newer incarnation left and joined", () => {
  const directory = new Directory("me");
  directory.applySnapshot(snapshot(1, node("a")));
  assertEquals(
    show(directory.applySnapshot(snapshot(1, node("a", { incarnation: 2 })))),
    ["-a replaced", "+a"],
  );
});

Deno.test("losing the PMD makes nobody leave; the next one may confirm", () => {
  const directory = new Directory("me");
  directory.applySnapshot(snapshot(9, node("a"), node("b")));
  directory.suspectAll();
  assertEquals(directory.applySnapshot(snapshot(0)), []);
  assertEquals(
    directory.applyEvent({ type: "join", sequence: 1, node: node("a") }),
    [],
  );
  const [b] = directory.suspects;
  assert(b !== undefined);
  assertEquals(show(directory.dropSuspect(b, "expired")), ["-b expired"]);
  assertEquals(directory.dropSuspect(b, "expired"), []);
  assertEquals(directory.peers.map((peer) => peer.nodeId), ["a"]);
});

Deno.test("a suspect whose alias has a new holder has left", () => {
  const directory = new Directory("me");
  directory.applySnapshot(snapshot(1, node("a", { alias: "x" })));
  directory.suspectAll();
  assertEquals(
    show(directory.applySnapshot(snapshot(1, node("b", { alias: "x" })))),
    ["-a replaced", "+b"],
  );
  assertEquals(directory.find("x")?.nodeId, "b");
});
