// What must hold between the table, the index and the tree, whatever happened.
import { assert, assertEquals } from "@std/assert";
import type { Content } from "../../../src/crdt/sequence/ids.ts";
import { NONE } from "../../../src/crdt/sequence/ids.ts";
import type { Sequence } from "../../../src/crdt/sequence/sequence.ts";

/**
 * Asserts that a sequence's parts agree with each other.
 *
 * @param isCompacted Content that lay apart may lie side by side by now: then
 * two spans could be one, and become one when something there is changed.
 */
export function assertConsistent(
  sequence: Sequence<Content>,
  isCompacted = false,
): void {
  const { tree, table } = sequence["list"];
  const { ids } = sequence["arena"];
  const spans: number[] = [];
  tree.moveToStart();
  for (let span = tree.settle(); span !== NONE; span = tree.stepForward()) {
    spans.push(span);
  }
  let length = 0;
  for (const [place, span] of spans.entries()) {
    assert(table.length[span]! > 0);
    const replica = table.replica[span]!;
    assertEquals(ids.find(replica, table.counter[span]!), span);
    assertEquals(ids.find(replica, table.lastCounter(span)), span);
    const { leftReplica, leftCounter, rightReplica, rightCounter } = table;
    for (
      const [anchor, counter] of [
        [leftReplica[span]!, leftCounter[span]!],
        [rightReplica[span]!, rightCounter[span]!],
      ] as const
    ) {
      if (anchor === NONE) continue;
      assert(ids.find(anchor, counter) !== NONE, "an ancestor is forgotten");
    }
    tree.moveTo(span);
    assertEquals(tree.index(), length);
    length += table.width(span);
    const next = spans[place + 1];
    if (next === undefined) continue;
    assert(
      isCompacted || !table.canJoin(span, next),
      "two neighbours could be one span",
    );
    assert(tree.isInOrder(span, next) && !tree.isInOrder(next, span));
  }
  assertEquals(sequence.length, length);
}
