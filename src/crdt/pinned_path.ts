import type { Branch } from "./branch.ts";
import type { Core } from "./core.ts";
import { DOCUMENT } from "./operation.ts";
import type { Path } from "./pattern.ts";
import { resolve } from "./resolve.ts";
import type { ItemId } from "./sequence/ids.ts";
import { pathOf, pathOfElement } from "./told.ts";
import { nameOfItem, nameOfKey, namesTo } from "./trail.ts";
import { shownKey } from "./values.ts";

/**
 * Remembers what stands at a path and not only where: an element of a list is
 * found again when others came before it, and what was moved where it went.
 */
export class PinnedPath {
  readonly #core: Core;
  readonly #anchor: ItemId | null;
  readonly #keys: readonly string[];
  #isUndone = false;

  /**
   * Pins a path.
   *
   * @throws {DistflowError} `INVALID_PATH` if it leads nowhere.
   */
  constructor(core: Core, path: Path) {
    const { anchor, keys } = resolve(core, "set", path);
    this.#core = core;
    this.#anchor = anchor;
    this.#keys = keys;
    if (anchor?.replica !== core.self) return;
    // The dot is free again if what made it is undone, and names another then.
    core.tree.journal?.add(() => {
      this.#isUndone ||= !core.vector.has(anchor.replica, anchor.counter);
    });
  }

  /** Where it is; `null` while it is gone. */
  locate(): Path | null {
    if (this.#isUndone) return null;
    const { tree } = this.#core;
    const { moved, keys } = this.#follow();
    const above = moved !== null
      ? pathOf(tree, moved)
      : this.#anchor === null
      ? []
      : pathOfElement(tree, this.#anchor);
    return above === null ? null : [...above, ...keys];
  }

  /**
   * The names of the steps to it, also while something else shows above it; they
   * change as it is moved, or something above it. `null` if its element is gone.
   */
  names(): string[] | null {
    const { moved, keys } = this.#follow();
    const above = moved !== null
      ? namesTo(moved)
      : this.#anchor === null
      ? []
      : this.#namesToAnchor(this.#anchor);
    return above === null ? null : [...above, ...keys.map(nameOfKey)];
  }

  #namesToAnchor(anchor: ItemId): string[] | null {
    const { tree } = this.#core;
    const place = tree.placeOf(anchor);
    if (place !== null) return namesTo(place);
    const found = tree.lists.find(anchor.replica, anchor.counter);
    if (found === null || found.value === undefined) return null;
    return [...namesTo(found.owner as Branch), nameOfItem(anchor)];
  }

  /** The last place on the way that was moved, and the keys that follow it. */
  #follow(): { readonly moved: Branch | null; readonly keys: string[] } {
    const { tree } = this.#core;
    let place = tree.childAt(DOCUMENT, this.#anchor, []);
    let moved: Branch | null = null;
    let depth = 0;
    for (const [index, key] of this.#keys.entries()) {
      if (typeof place !== "object") break;
      place = place.children.get(key);
      if (typeof place !== "object" || place.moved === null) continue;
      moved = place;
      depth = index + 1;
    }
    return { moved, keys: this.#keys.slice(depth).map(shownKey) };
  }
}
