import { assertEquals, assertThrows } from "@std/assert";
import { Author } from "../../src/crdt/author.ts";
import type { Branch } from "../../src/crdt/branch.ts";
import { Core } from "../../src/crdt/core.ts";
import { HybridClock } from "../../src/crdt/hybrid_clock.ts";
import { DOCUMENT } from "../../src/crdt/operation.ts";
import { Transaction } from "../../src/crdt/transaction.ts";

Deno.test("a transaction that has ended keeps nothing of what it made", () => {
  const core = new Core("ann", new HybridClock(), new Map());
  const author = new Author(core, Infinity);
  const transaction = new Transaction(core);
  for (const count of [2, 1]) {
    transaction.open(true);
    for (let at = 0; at < count; at++) author.set(transaction, ["k"], at);
    const { operations, changes } = transaction;
    assertEquals([operations.length, changes.length], [count, count]);
    transaction.close();
    assertEquals([operations.length, changes.length], [count, count]);
    assertEquals([...transaction.operations, ...transaction.changes], []);
    assertEquals(transaction.mark().undo, null);
  }
});

Deno.test("a clock that fails leaves no transaction half open", () => {
  const wallMs = () => {
    throw new Error("no clock");
  };
  const core = new Core("ann", new HybridClock({ wallMs }), new Map());
  const transaction = new Transaction(core);
  assertThrows(() => transaction.open(true), Error, "no clock");
  assertEquals([transaction.isOpen, core.tree.journal], [false, null]);
});

Deno.test("a place that took over from a moved one is gone when it is undone", () => {
  const core = new Core("ann", new HybridClock(), new Map());
  const author = new Author(core, Infinity);
  const transaction = new Transaction(core);
  transaction.open(true);
  author.set(transaction, ["map", "key"], { a: 1 });
  const mark = transaction.mark();
  author.moves.move(transaction, ["map", "key"], ["away"]);
  author.set(transaction, ["map", "key"], 2);
  const map = core.tree.childAt(DOCUMENT, null, ["map"]) as Branch;
  assertEquals(map.heirs?.size, 1);
  transaction.rollBack(mark);
  transaction.close();
  assertEquals(map.heirs?.size ?? 0, 0);
  assertEquals([...map.children.keys()], ["key"]);
});
