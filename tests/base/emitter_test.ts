import { assertEquals } from "@std/assert";
import { Emitter } from "../../src/base/emitter.ts";
import { collectUnhandled } from "./unhandled.ts";

interface Events {
  tick: [count: number];
  tock: [];
}

function setUp() {
  const failures: string[] = [];
  const emitter = new Emitter<Events>((error, event) =>
    failures.push(`${event}: ${(error as Error).message}`)
  );
  const seen: string[] = [];
  return { emitter, failures, seen };
}

Deno.test("listeners run in the order in which they were added", () => {
  const { emitter, seen } = setUp();
  emitter.on("tick", (count) => seen.push(`a${count}`));
  emitter.on("tick", (count) => seen.push(`b${count}`));
  emitter.emit("tick", 1);
  emitter.emit("tock");
  assertEquals(seen, ["a1", "b1"]);
});

Deno.test("a listener that throws is told, and the others still run", () => {
  const { emitter, failures, seen } = setUp();
  emitter.on("tick", () => {
    throw new Error("no");
  });
  emitter.on("tick", () => seen.push("b"));
  emitter.emit("tick", 1);
  assertEquals([failures, seen], [["tick: no"], ["b"]]);
});

Deno.test("a listener's rejected promise is told", async () => {
  const { emitter, failures } = setUp();
  emitter.on("tick", () => Promise.reject(new Error("later")));
  emitter.emit("tick", 1);
  await Promise.resolve();
  assertEquals(failures, ["tick: later"]);
});

Deno.test("what the handler of errors throws never reaches who emits", async () => {
  const emitter = new Emitter<Events>((error) => {
    throw error;
  });
  const seen: string[] = [];
  emitter.on("tick", () => {
    throw new Error("no");
  });
  emitter.on("tick", () => seen.push("b"));
  const reasons = await collectUnhandled(1, () => emitter.emit("tick", 1));
  assertEquals([seen, reasons.map(String)], [["b"], ["Error: no"]]);
});

Deno.test("adding and removing during a round changes the next round", () => {
  const { emitter, seen } = setUp();
  const off = emitter.on("tick", () => {
    seen.push("a");
    off();
    emitter.on("tick", () => seen.push("c"));
  });
  emitter.on("tick", () => seen.push("b"));
  emitter.emit("tick", 1);
  emitter.emit("tick", 2);
  assertEquals(seen, ["a", "b", "b", "c"]);
});

Deno.test("once runs once, and can be taken back", () => {
  const { emitter, seen } = setUp();
  emitter.once("tick", (count) => seen.push(`a${count}`));
  const off = emitter.once("tick", (count) => seen.push(`b${count}`));
  off();
  emitter.emit("tick", 1);
  emitter.emit("tick", 2);
  assertEquals(seen, ["a1"]);
  assertEquals(emitter.listenerCount("tick"), 0);
});

Deno.test("once runs once, also when a listener emits the same event", () => {
  const { emitter, seen } = setUp();
  emitter.on("tick", (count) => {
    if (count === 1) emitter.emit("tick", 2);
  });
  emitter.once("tick", (count) => seen.push(`a${count}`));
  emitter.emit("tick", 1);
  assertEquals(seen, ["a2"]);
});

Deno.test("off takes back what once added", () => {
  const { emitter, seen } = setUp();
  const listener = (count: number) => seen.push(`a${count}`);
  emitter.once("tick", listener);
  emitter.off("tick", listener);
  emitter.emit("tick", 1);
  assertEquals(seen, []);
});

Deno.test("the function that on returns takes back that very addition", () => {
  const { emitter, seen } = setUp();
  const listener = (count: number) => seen.push(`a${count}`);
  const off = emitter.on("tick", listener);
  emitter.on("tick", listener);
  off();
  off();
  emitter.emit("tick", 1);
  assertEquals(seen, ["a1"]);
});
