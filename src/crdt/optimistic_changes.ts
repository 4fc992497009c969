import type { Change } from "./events.ts";
import type { Kind } from "./overlay_value.ts";
import type { Path } from "./pattern.ts";

/**
 * What a set at `path`, or taking it back, would tell: first what it made another
 * thing of above. A map that it made of nothing is told by what is in it alone,
 * but not that one goes again.
 *
 * @param before What showed along the path, from the root on.
 * @param now What shows now.
 */
export function changesAlong(
  path: Path,
  before: readonly Kind[],
  now: readonly Kind[],
): Change[] {
  const changes: Change[] = [];
  const tell = (length: number) => {
    const kind = now[length] === "nothing" ? "delete" : "set";
    changes.push({ kind, path: path.slice(0, length) });
  };
  for (let length = 1; length < path.length; length++) {
    const [was, is] = [before[length], now[length]];
    const isContainer = is === "map" || is === "list";
    if (was !== is && (was !== "nothing" || !isContainer)) tell(length);
    if (!isContainer) return changes;
  }
  const isNothing = before.at(-1) === "nothing" && now.at(-1) === "nothing";
  if (!isNothing) tell(path.length);
  return changes;
}
