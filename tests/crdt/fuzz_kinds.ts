// Which kind of world a seed of `deno task fuzz crdt` is for.
import {
  CROWD,
  FOLLOWED,
  FOLLOWED_SCHEMA,
  FOLLOWED_STATE,
  PLAIN,
  SCHEMA,
  STATE,
  type WorldKind,
} from "./kinds.ts";

/** Half of the worlds are plain, the fastest; a tenth are crowds, the slowest. */
const SHARES: readonly { readonly name: string; readonly kind: WorldKind }[] = [
  { name: "plain", kind: PLAIN },
  { name: "state", kind: STATE },
  { name: "plain, followed", kind: FOLLOWED },
  { name: "schema", kind: SCHEMA },
  { name: "plain", kind: PLAIN },
  { name: "crowd", kind: CROWD },
  { name: "plain, followed", kind: FOLLOWED },
  { name: "state, followed", kind: FOLLOWED_STATE },
  { name: "plain", kind: PLAIN },
  { name: "schema, followed", kind: FOLLOWED_SCHEMA },
];

/** The kind of the world of a seed, by the last digit of the seed. */
export function kindOf(
  seed: number,
): { readonly name: string; readonly kind: WorldKind } {
  return SHARES[seed % SHARES.length] as typeof SHARES[number];
}
