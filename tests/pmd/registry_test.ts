import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DistflowError } from "../../src/base/errors.ts";
import { Registry } from "../../src/pmd/registry.ts";
import type {
  NodeRecord,
  RegisteredNode,
} from "../../src/wire/pmd_messages.ts";

const LEASE_MS = 15_000;
const WALL_MS = Date.UTC(2026, 0, 1);

function record(nodeId: string, fields: Partial<NodeRecord> = {}): NodeRecord {
  return {
    nodeId,
    host: "127.0.0.1",
    port: 5000,
    incarnation: 1,
    pid: 42,
    runtime: "test/1",
    ...fields,
  };
}

/** Registers with the attempt that is given, or with the next one. */
let attempts = 0;
function register(
  registry: Registry,
  owner: object,
  node: NodeRecord,
  nowMs = 0,
  attempt = ++attempts,
) {
  return registry.register(owner, { node, attempt }, nowMs, WALL_MS + nowMs);
}

function resolve(
  registry: Registry,
  name: string,
  nowMs = 0,
): RegisteredNode | undefined {
  const text = registry.resolve(name, nowMs);
  return text === undefined ? undefined : JSON.parse(text);
}

function list(registry: Registry, nowMs = 0): RegisteredNode[] {
  return JSON.parse(registry.list(nowMs));
}

function code(act: () => unknown): string {
  return assertThrows(act, DistflowError).code;
}

Deno.test("a node is found by its alias and by its id", () => {
  const registry = new Registry({ leaseMs: LEASE_MS });
  register(registry, {}, record("a", { alias: "worker" }), 0);
  assertEquals(resolve(registry, "worker")?.nodeId, "a");
  assertEquals(resolve(registry, "a")?.alias, "worker");
  assertEquals(resolve(registry, "b"), undefined);
});

Deno.test("a node is told with all of its fields, and the age of its heartbeat", () => {
  const registry = new Registry({ leaseMs: LEASE_MS });
  const owner = {};
  const node = record("a", { alias: "worker", runtime: 'a "quoted" \\ name' });
  register(registry, owner, node, 10);
  registry.heartbeat(owner, 20);
  assertEquals(resolve(registry, "a", 25.4), {
    ...node,
    registeredAtMs: WALL_MS + 10,
    heartbeatAgeMs: 5,
  });
  assertEquals(list(registry, 20), [
    { ...node, registeredAtMs: WALL_MS + 10, heartbeatAgeMs: 0 },
  ]);
  assertEquals(list(new Registry({ leaseMs: LEASE_MS })), []);
});

Deno.test("a second claim of an alias names its holder", () => {
  const registry = new Registry({ leaseMs: LEASE_MS });
  register(registry, {}, record("a", { alias: "worker" }), 0);
  const error = assertThrows(
    () => register(registry, {}, record("b", { alias: "worker" }), 1),
    DistflowError,
  );
  assertEquals(error.code, "ALIAS_TAKEN");
  assertEquals(error.details, {
    alias: "worker",
    holder: "a",
    pid: 42,
    since: "2026-01-01T00:00:00.000Z",
  });
  assertEquals(registry.size, 1);
});

Deno.test("an alias is free again once its holder's connection closes", () => {
  const registry = new Registry({ leaseMs: LEASE_MS });
  const owner = {};
  register(registry, owner, record("a", { alias: "worker" }), 0);
  assertEquals(registry.unregister(owner, "disconnected"), {
    type: "leave",
    nodeId: "a",
    incarnation: 1,
    reason: "disconnected",
  });
  register(registry, {}, record("b", { alias: "worker" }), 0);
  assertEquals(resolve(registry, "worker")?.nodeId, "b");
});

Deno.test("a node that reconnects takes over silently", () => {
  const registry = new Registry({ leaseMs: LEASE_MS });
  const [first, second] = [{}, {}];
  register(registry, first, record("a", { alias: "worker" }), 0);
  const again = register(registry, second, record("a", { alias: "worker" }), 9);
  assertEquals(again, { changes: [], replaced: first });
  assertEquals(registry.unregister(first, "disconnected"), undefined);
  assertEquals(resolve(registry, "worker", 9)?.registeredAtMs, WALL_MS);
});

Deno.test("a newer incarnation takes over, and watchers see both lives", () => {
  const registry = new Registry({ leaseMs: LEASE_MS });
  register(registry, {}, record("a"), 0);
  const { changes } = register(
    registry,
    {},
    record("a", { incarnation: 2, port: 5001 }),
    1,
  );
  assertEquals(changes.map(({ type }) => type), ["leave", "join"]);
  assertEquals(
    code(() => register(registry, {}, record("a"), 2)),
    "STALE_INCARNATION",
  );
});

Deno.test("a registration that was overtaken by a later one is refused", () => {
  const registry = new Registry({ leaseMs: LEASE_MS });
  const [first, second] = [{}, {}];
  register(registry, second, record("a"), 0, 2);
  assertEquals(
    code(() => register(registry, first, record("a"), 1, 1)),
    "STALE_INCARNATION",
  );
  // A new life begins to count anew.
  register(registry, first, record("a", { incarnation: 2 }), 2, 1);
});

Deno.test("an alias cannot be another node's id, nor an id another's alias", () => {
  const registry = new Registry({ leaseMs: LEASE_MS });
  register(registry, {}, record("a", { alias: "b" }), 0);
  assertEquals(
    code(() => register(registry, {}, record("b"), 0)),
    "ALIAS_TAKEN",
  );
  assertEquals(
    code(() => register(registry, {}, record("c", { alias: "a" }), 0)),
    "ALIAS_TAKEN",
  );
});

Deno.test("a connection registers one node only", () => {
  const registry = new Registry({ leaseMs: LEASE_MS });
  const owner = {};
  register(registry, owner, record("a"), 0);
  assertEquals(
    code(() => register(registry, owner, record("b"), 0)),
    "INVALID_REQUEST",
  );
  assertEquals(list(registry).map(({ nodeId }) => nodeId), ["a"]);
});

Deno.test("a silent node expires at the end of its lease, not before", () => {
  const registry = new Registry({ leaseMs: LEASE_MS });
  const owner = {};
  register(registry, owner, record("a"), 0);
  registry.heartbeat(owner, 1000);
  assertEquals(registry.expire(LEASE_MS + 999), []);
  assertEquals(registry.expire(LEASE_MS + 1000).map((end) => end.owner), [
    owner,
  ]);
  assertEquals(registry.size, 0);
});

Deno.test("a PMD that stood still does not let the leases run out", () => {
  const registry = new Registry({ leaseMs: LEASE_MS });
  register(registry, {}, record("a"), 0);
  registry.extend(60_000);
  assertEquals(registry.expire(60_000), []);
});

Deno.test("nodes beyond the limit are refused, known ones are not", () => {
  const registry = new Registry({ leaseMs: LEASE_MS, nodesMax: 1 });
  register(registry, {}, record("a"), 0);
  assertEquals(
    code(() => register(registry, {}, record("b"), 0)),
    "LIMIT_REACHED",
  );
  register(registry, {}, record("a", { incarnation: 2 }), 0);
});

Deno.test("names such as __proto__ are names like any other", () => {
  const registry = new Registry({ leaseMs: LEASE_MS });
  register(registry, {}, record("__proto__", { alias: "constructor" }), 0);
  assertEquals(resolve(registry, "constructor")?.nodeId, "__proto__");
  assertEquals(resolve(registry, "toString"), undefined);
});

/** The registry as simple as possible: one list, searched from end to end. */
class ModelRegistry {
  entries: { owner: number; record: NodeRecord; heardAtMs: number }[] = [];

  register(owner: number, node: NodeRecord, nowMs: number): string {
    const others = this.entries.filter((e) => e.record.nodeId !== node.nodeId);
    const old = this.entries.find((e) => e.record.nodeId === node.nodeId);
    if (others.some((e) => e.owner === owner)) return "INVALID_REQUEST";
    if (old && node.incarnation < old.record.incarnation) {
      return "STALE_INCARNATION";
    }
    const names = others.flatMap((e) => [e.record.nodeId, e.record.alias]);
    if (names.includes(node.nodeId)) return "ALIAS_TAKEN";
    if (node.alias && names.includes(node.alias)) return "ALIAS_TAKEN";
    this.entries = [...others, { owner, record: node, heardAtMs: nowMs }];
    return "ok";
  }

  remove(keep: (e: { owner: number; heardAtMs: number }) => boolean): void {
    this.entries = this.entries.filter(keep);
  }
}

const NAMES = ["a", "b", "c", "d"];
const step = fc.oneof(
  fc.record({
    type: fc.constant("register" as const),
    owner: fc.nat(4),
    nodeId: fc.constantFrom(...NAMES),
    alias: fc.option(fc.constantFrom(...NAMES, "x", "y"), { nil: undefined }),
    incarnation: fc.nat(3),
  }),
  fc.record({ type: fc.constant("close" as const), owner: fc.nat(4) }),
  fc.record({ type: fc.constant("heartbeat" as const), owner: fc.nat(4) }),
  fc.record({ type: fc.constant("wait" as const), ms: fc.nat(20_000) }),
);

Deno.test("any history leaves the registry as a simple model says", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const registry = new Registry({ leaseMs: LEASE_MS });
      const model = new ModelRegistry();
      const owners = [{}, {}, {}, {}, {}];
      const joined = new Map<string, number>();
      let nowMs = 0;
      const note = (
        changes: readonly (
          | { type: "join"; node: NodeRecord }
          | { type: "leave"; nodeId: string; incarnation: number }
          | undefined
        )[],
      ): void => {
        for (const change of changes) {
          if (change?.type === "join") {
            // Each join is of a node that is not there.
            assertEquals(joined.has(change.node.nodeId), false);
            joined.set(change.node.nodeId, change.node.incarnation);
          } else if (change?.type === "leave") {
            assertEquals(joined.get(change.nodeId), change.incarnation);
            joined.delete(change.nodeId);
          }
        }
      };
      for (const act of steps) {
        if (act.type === "wait") {
          nowMs += act.ms;
          note(registry.expire(nowMs).map((expiry) => expiry.change));
          model.remove((e) => nowMs - e.heardAtMs < LEASE_MS);
          continue;
        }
        const owner = owners[act.owner] as object;
        if (act.type === "close") {
          note([registry.unregister(owner, "disconnected")]);
          model.remove((e) => e.owner !== act.owner);
        } else if (act.type === "heartbeat") {
          registry.heartbeat(owner, nowMs);
          for (const e of model.entries) {
            if (e.owner === act.owner) e.heardAtMs = nowMs;
          }
        } else {
          const node = record(act.nodeId, {
            incarnation: act.incarnation,
            ...(act.alias === undefined ? {} : { alias: act.alias }),
          });
          const wanted = model.register(act.owner, node, nowMs);
          let result = "ok";
          try {
            note(register(registry, owner, node, nowMs).changes);
          } catch (error) {
            if (!(error instanceof DistflowError)) throw error;
            result = error.code;
          }
          assertEquals(result, wanted);
        }
        assertEquals(
          list(registry, nowMs).map(({ registeredAtMs: _, ...node }) => node),
          model.entries.map((e) => ({
            ...e.record,
            heartbeatAgeMs: nowMs - e.heardAtMs,
          })),
        );
        assertEquals(
          [...joined.keys()].sort(),
          model.entries.map((e) => e.record.nodeId).sort(),
        );
        for (const name of [...NAMES, "x", "y"]) {
          assertEquals(
            resolve(registry, name, nowMs)?.nodeId,
            model.entries.find((e) =>
              e.record.alias === name || e.record.nodeId === name
            )?.record.nodeId,
          );
        }
      }
    }),
    { numRuns: 500 },
  );
});
