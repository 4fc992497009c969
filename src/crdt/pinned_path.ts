import type { Core } from "./core.ts";
import { DOCUMENT } from "./operation.ts";
import type { Path } from "./pattern.ts";
import { Branch } from "./branch.ts";
import type { ItemId } from "./sequence/ids.ts";
import { pathOfElement } from "./told.ts";

/**
 * Remembers what stands at `path` and not only where: an element of a list is
 * found again when others came before it.
 *
 * @returns A function that tells where it is; `null` while it is gone.
 */
export function pinPath(core: Core, path: Path): () => Path | null {
  const { tree, reader } = core;
  const last = path.findLastIndex((step) => typeof step === "number");
  const pinned = Object.freeze([...path]);
  if (last < 0) return () => pinned;
  const list = reader.find(tree.roots[DOCUMENT], path.slice(0, last));
  const sequence = list instanceof Branch ? list.list : null;
  if (sequence === null) return () => null;
  const id: ItemId = sequence.idAt(path[last] as number);
  return () => {
    const above = pathOfElement(tree, id);
    return above === null ? null : [...above, ...path.slice(last + 1)];
  };
}
