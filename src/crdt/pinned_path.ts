import type { Branch } from "./branch.ts";
import type { Core } from "./core.ts";
import { DOCUMENT } from "./operation.ts";
import type { Path } from "./pattern.ts";
import { resolve } from "./resolve.ts";
import { pathOf, pathOfElement } from "./told.ts";
import { shownKey } from "./values.ts";

/**
 * Remembers what stands at `path` and not only where: an element of a list is
 * found again when others came before it, and what was moved where it went.
 *
 * @returns A function that tells where it is; `null` while it is gone.
 * @throws {DistflowError} `INVALID_PATH` if the path leads nowhere.
 */
export function pinPath(core: Core, path: Path): () => Path | null {
  const { tree } = core;
  const { anchor, keys } = resolve(core, "set", path);
  let isUndone = false;
  if (anchor?.replica === core.self) {
    // The dot is free again if what made it is undone, and names another then.
    tree.journal?.add(() => {
      isUndone ||= !core.vector.has(anchor.replica, anchor.counter);
    });
  }
  return () => {
    if (isUndone) return null;
    let place = tree.childAt(DOCUMENT, anchor, []);
    let moved: Branch | null = null;
    let depth = 0;
    for (const [index, key] of keys.entries()) {
      if (typeof place !== "object") break;
      place = place.children.get(key);
      if (typeof place !== "object" || place.moved === null) continue;
      moved = place;
      depth = index + 1;
    }
    const above = moved !== null
      ? pathOf(tree, moved)
      : anchor === null
      ? []
      : pathOfElement(tree, anchor);
    return above === null
      ? null
      : [...above, ...keys.slice(depth).map(shownKey)];
  };
}
