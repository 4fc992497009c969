import type { Branch } from "../branch.ts";
import { placeGuest } from "../move_edits.ts";
import { MoveRecord } from "../move_log.ts";
import { doMove, undoMove } from "../relocate.ts";
import type { JoinContext } from "./join_context.ts";
import type { MovedPairs } from "./moved_pairs.ts";
import { MOVED_MARK } from "./value_columns.ts";

/**
 * Adds the moves that only the other state has, once its places are all here,
 * and lets each place live where all moves together put it.
 */
export function joinMoves(context: JoinContext, pairs: MovedPairs): void {
  const { core, other } = context;
  const { moves } = core.tree;
  const old = new Map<Branch, Pick<Branch, "parent" | "key" | "move">>();
  for (const node of moves.nodes) {
    const { parent, key, move } = node;
    old.set(node, { parent, key, move });
  }
  const added = other.tree.moves.records.flatMap((theirs) => {
    const replica = context.indexOf(theirs.replica);
    const { stamp, counter, key } = theirs;
    if (moves.get(replica, counter) !== undefined) return [];
    const parent = pairs.ourOf(theirs.parent);
    // Only a forged part lacks it.
    if (parent === null) return [];
    const node = theirs.node && pairs.ourOf(theirs.node);
    const dot = { replica, counter, stamp };
    return [new MoveRecord(dot, node, parent, key)];
  });
  if (added.length > 0) insert(context, added);
  for (const { list, id } of context.guests) {
    if (list.get(id)?.[0] !== MOVED_MARK) continue;
    // What it stood for is gone here.
    list.integrateRemove({ ...id, length: 1 });
  }
  for (const node of moves.nodes) {
    const from = old.get(node);
    const { parent, key } = node;
    if (from === undefined || from.move === node.move) continue;
    context.note(from.parent as Branch, from.key);
    context.note(parent as Branch, key);
  }
}

function insert(context: JoinContext, added: readonly MoveRecord[]): void {
  const { tree } = context.core;
  const { moves } = tree;
  const first = moves.indexFor(added[0] as MoveRecord);
  for (const record of moves.records.slice(first).reverse()) {
    undoMove(tree, record);
  }
  for (const record of added) {
    if (record.key === null) standIn(context, record);
    moves.add(record);
  }
  for (const record of moves.records.slice(first)) doMove(tree, record);
}

/** Lets the mark that came with a list stand for what was moved there. */
function standIn({ core }: JoinContext, record: MoveRecord): void {
  if (record.node === null) return;
  const isThere = record.parent.list?.get(record)?.[0] === MOVED_MARK;
  if (isThere) placeGuest(core.tree, record);
  else record.node = null;
}
