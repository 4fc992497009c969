import type { ContentStore } from "./content_store.ts";
import type { Content, RemovedRange } from "./ids.ts";

/** A range that more may be added to. */
export type Growing<Part extends Content> = {
  -readonly [Field in keyof RemovedRange<Part>]: RemovedRange<Part>[Field];
};

/**
 * Adds removed items to the last of `ranges`, if their ids go on with it either
 * upwards or, one by one, downwards; else to a range of their own.
 */
export function addRemoved<Part extends Content>(
  ranges: Growing<Part>[],
  store: ContentStore<Part>,
  replica: number,
  counter: number,
  content: Part,
): void {
  const { length } = content;
  const last = ranges[ranges.length - 1];
  if (last !== undefined && last.replica === replica) {
    const isNext = counter === last.counter + last.length;
    if (isNext && !last.isReversed) {
      last.length += length;
      last.content = store.append(last.content, content);
      return;
    }
    const isBefore = length === 1 && counter === last.counter - 1;
    if (isBefore && (last.isReversed || last.length === 1)) {
      last.counter = counter;
      last.length++;
      last.isReversed = true;
      last.content = store.append(last.content, content);
      return;
    }
  }
  ranges.push({ replica, counter, length, isReversed: false, content });
}
