// The order of a list or text by definition: Fugue as its paper tells it.
import type { OriginJson } from "../../src/crdt/edit_json.ts";
import type { Dot } from "../../src/crdt/events.ts";

/** An item and where it was inserted. */
export interface ModelItem {
  readonly dot: Dot;
  readonly origin: OriginJson;
  readonly value: unknown;
}

/** All items in order, removed ones too. */
export function orderItems(items: readonly ModelItem[]): ModelItem[] {
  const children = new Map<string, ModelItem[]>();
  for (const item of items) {
    const parent = JSON.stringify(item.origin);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [item]);
    else siblings.push(item);
  }
  const visit = (origin: OriginJson): ModelItem[] =>
    (children.get(JSON.stringify(origin)) ?? [])
      .sort(({ dot: a }, { dot: b }) =>
        a[0] === b[0] ? a[1] - b[1] : a[0] < b[0] ? -1 : 1
      )
      .flatMap((item) => [
        ...visit(["left", ...item.dot]),
        item,
        ...visit(["right", ...item.dot]),
      ]);
  return visit([]);
}
