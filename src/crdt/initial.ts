import type { JsonValue } from "../base/json.ts";
import { Author } from "./author.ts";
import { Core } from "./core.ts";
import { hashText } from "./hash.ts";
import { HybridClock } from "./hybrid_clock.ts";
import { encodeMessage } from "./message.ts";
import { INITIAL_PREFIX } from "./replica_table.ts";
import { Transaction } from "./transaction.ts";
import { canonicalText, checkValue } from "./values.ts";

/**
 * The message of a replica that is named by the content it makes.
 *
 * Equal content so has equal dots, and counts once however many replicas start
 * with it. Its stamps come before all others: the clock has no wall time.
 *
 * @returns The message; `null` if there is no content.
 */
export function makeInitial(
  initial: { readonly [key: string]: JsonValue },
): Uint8Array | null {
  const value = checkValue(initial) as { readonly [key: string]: JsonValue };
  const text = canonicalText(value);
  const name = `${INITIAL_PREFIX}${hashText(text).toString(36)}${
    hashText(text, 1).toString(36)
  }`;
  const core = new Core(name, new HybridClock(), new Map());
  const author = new Author(core, Infinity);
  const transaction = new Transaction(core);
  transaction.open(false);
  // Sorted, so that the order in which keys were written gives no other dots.
  for (const key of Object.keys(value).sort()) {
    author.set(transaction, [key], sorted(value[key] as JsonValue));
  }
  const { operations } = transaction;
  transaction.close();
  return operations.length === 0
    ? null
    : encodeMessage([operations], core.replicas);
}

function sorted(value: JsonValue): JsonValue {
  return JSON.parse(canonicalText(value)) as JsonValue;
}
