import { Children } from "./children.ts";
import { type Container, LIST, MAP, NOTHING } from "./operation.ts";
import type { ItemId } from "./sequence/ids.ts";
import type { ListSequence } from "./sequence/list_sequence.ts";
import type { VersionVector } from "./version_vector.ts";

/** A place below a branch: a branch itself, or only the slot of a register. */
export type Child = Branch | number;

/** What a claim says that a place is. */
export type ClaimShape = typeof NOTHING | Container;

/**
 * What stands in a list: a place, or a frozen JSON value in which nothing has
 * happened yet.
 */
export type Item = unknown;

/**
 * A place that others were born below, or an element of a list.
 *
 * An entry of a map starts as the slot of a register, and becomes a branch with
 * the first child, cover or barrier. An element that was born a container is a
 * branch from the start; another one becomes it when something happens in it.
 */
export class Branch {
  /** The register of the place itself. */
  readonly slot: number;
  /** The place above; `null` for a root. */
  readonly parent: Branch | null;
  /** The key in the parent; `null` for a root, and for an element. */
  readonly key: string | null;
  /** The dot of an element, which is its name; `null` for all others. */
  readonly id: ItemId | null;
  /** Whether it is an element that was born a value: it goes for good. */
  readonly isPlain: boolean;
  /** How many steps below the root it was born. */
  readonly depth: number;
  /** Places by key. */
  readonly children: Children = new Children();
  /** The elements, if there ever were any. */
  list: ListSequence<Item> | null = null;
  /** How many of the elements are branches. */
  elementCount = 0;
  /** How many living registers and elements there are strictly below. */
  liveCount = 0;
  /** How many of these are elements or below one. */
  elementLiveCount = 0;
  /** Whether it is an element that shows nothing. */
  isHidden = false;
  /** When the newest operation on a place below was made; -1 for never. */
  claimStamp = -1;
  /** The dot of that operation. */
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
    id: ItemId | null = null,
    isPlain = false,
  ) {
    this.slot = slot;
    this.parent = parent;
    this.key = key;
    this.id = id;
    this.isPlain = isPlain;
    this.depth = parent === null ? 0 : parent.depth + 1;
  }

  /** What lives on here, whatever was assigned: entries before elements. */
  get rest(): Container {
    return this.liveCount > this.elementLiveCount ? MAP : LIST;
  }
}
