import type { Core } from "./core.ts";
import type { Path } from "./pattern.ts";
import { resolve } from "./resolve.ts";
import { pathOfElement } from "./told.ts";

/**
 * Remembers what stands at `path` and not only where: an element of a list is
 * found again when others came before it.
 *
 * @returns A function that tells where it is; `null` while it is gone.
 * @throws {DistflowError} `INVALID_PATH` if the path leads nowhere.
 */
export function pinPath(core: Core, path: Path): () => Path | null {
  const { anchor, keys } = resolve(core, "set", path);
  if (anchor === null) return () => keys;
  return () => {
    const above = pathOfElement(core.tree, anchor);
    return above === null ? null : [...above, ...keys];
  };
}
