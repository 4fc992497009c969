import { Children } from "./children.ts";
import { type Container, LIST, MAP, NOTHING } from "./operation.ts";
import type { Moved, MoveRecord } from "./move_log.ts";
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
  /** Where it was born: the place above; `null` for a root. */
  readonly home: Branch | null;
  /** The key in its home; `null` for a root, and for an element. */
  readonly homeKey: string | null;
  /** The dot of an element, which is its name; `null` for all others. */
  readonly homeId: ItemId | null;
  /** Where it lives now, which is its home until it is moved. */
  parent: Branch | null;
  /** See {@linkcode Branch.parent}. */
  key: string | null;
  /** The item that stands for it in the list where it lives. */
  id: ItemId | null;
  /** The move that brought it where it lives; `null` at home. */
  move: MoveRecord | null = null;
  /** What is kept once it was ever moved. */
  moved: Moved | null = null;
  /** Places that were moved here, by key; `null` if none ever left or came. */
  guests: Map<string, Branch[]> | null = null;
  /** Keys of places that took over from others, by the key they show under. */
  heirs: Map<string, string[]> | null = null;
  /** Whether it is an element that was born a value: it goes for good. */
  readonly isPlain: boolean;
  /** How many steps below the root it was born. */
  readonly depth: number;
  /** Places by key. */
  readonly children: Children = new Children();
  /** The elements, if there ever were any. */
  list: ListSequence<Item> | null = null;
  /** How many of the items stand for branches. */
  elementCount = 0;
  /** How many registers and elements live strictly below it now. */
  liveCount = 0;
  /** How many of these are elements or below one. */
  elementLiveCount = 0;
  /** Whether it is an element that shows nothing, where it lives now. */
  isHidden = false;
  /** Whether nothing has happened in it since it was noted that it is hidden. */
  isQuiet = false;
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
    this.home = parent;
    this.homeKey = key;
    this.homeId = id;
    this.parent = parent;
    this.key = key;
    this.id = id;
    this.isPlain = isPlain;
    this.depth = parent === null ? 0 : parent.depth + 1;
  }

  /** Whether the item with that dot is the one that it was born as. */
  isBornAs(replica: number, counter: number): boolean {
    const id = this.homeId;
    return id !== null && id.replica === replica && id.counter === counter;
  }

  /** Where it was born: the element or root above, and the keys from there. */
  birthAddress(): { readonly anchor: Branch; readonly keys: string[] } {
    const keys: string[] = [];
    let anchor = this as Branch;
    for (
      ;
      anchor.home !== null && anchor.homeKey !== null;
      anchor = anchor.home
    ) {
      keys.push(anchor.homeKey);
    }
    return { anchor, keys: keys.reverse() };
  }

  /** What lives on here, whatever was assigned: entries before elements. */
  get rest(): Container {
    return this.liveCount > this.elementLiveCount ? MAP : LIST;
  }
}
