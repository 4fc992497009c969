import { type MAP, NOTHING } from "./operation.ts";
import type { VersionVector } from "./version_vector.ts";

/** A place below a branch: a branch itself, or only the slot of a register. */
export type Child = Branch | number;

/** What a claim says that a place is. */
export type ClaimShape = typeof NOTHING | typeof MAP;

/**
 * A place that others were born below.
 *
 * A place starts as the slot of a register in its parent's map, and becomes a
 * branch with the first child, cover or barrier.
 */
export class Branch {
  /** The register of the place itself. */
  readonly slot: number;
  /** The place above; `null` for a root. */
  readonly parent: Branch | null;
  /** The key in the parent; `null` for a root. */
  readonly key: string | null;
  /** Places by key. */
  readonly children: Map<string, Child> = new Map();
  /** How many living registers and elements there are strictly below. */
  liveCount = 0;
  /** When the newest set below was made; -1 for never. */
  claimStamp = -1;
  /** The dot of that set. */
  claimReplica = 0;
  /** See {@linkcode Branch.claimReplica}. */
  claimCounter = 0;
  /** What it takes this place for; {@linkcode NOTHING} if it is covered. */
  claimShape: ClaimShape = NOTHING;
  /** What deletes of this place had seen. */
  cover: VersionVector | null = null;
  /** The delete-wins deletes of this place. */
  barrier: VersionVector | null = null;

  /** Makes a place below `parent`, by key or as an element. */
  constructor(
    slot: number,
    parent: Branch | null,
    key: string | null,
  ) {
    this.slot = slot;
    this.parent = parent;
    this.key = key;
  }
}
