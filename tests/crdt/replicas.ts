// Replicas for tests that read as stories.
import { assertEquals } from "@std/assert";
import type { JsonValue } from "../../src/base/json.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import { JsonCrdt, type JsonCrdtOptions } from "../../src/crdt/mod.ts";
import type { Step } from "../../src/crdt/pattern.ts";

const START_MS = Date.UTC(2026, 0, 1);

/** Replicas with the same start; each one's clock is a second ahead. */
export function makeReplicas(
  names: readonly string[],
  options: JsonCrdtOptions = {},
): { readonly doc: JsonCrdt; readonly sent: Uint8Array[] }[] {
  return names.map((name, index) => {
    const wallMs = () => START_MS + index * 1000;
    const doc = new JsonCrdt(name, { ...options, clock: { wallMs } });
    const sent: Uint8Array[] = [];
    doc.on("change", (event) => {
      if (event.origin === "local") sent.push(event.message());
    });
    return { doc, sent };
  });
}

/** Gives each replica what all others sent, and checks that they are equal. */
export function exchange(
  replicas: readonly { readonly doc: JsonCrdt; readonly sent: Uint8Array[] }[],
): JsonValue {
  const all = replicas.map(({ sent }) => [...sent]);
  for (const [index, { doc }] of replicas.entries()) {
    for (const [from, messages] of all.entries()) {
      if (from === index) continue;
      for (const message of messages) doc.receiveMessage(message);
    }
  }
  const [first] = replicas;
  const shown = first?.doc.toJSON() ?? null;
  for (const { doc } of replicas) {
    assertEquals(doc.toJSON(), shown);
    assertEquals(doc.inspect(), first?.doc.inspect());
  }
  return shown;
}

/** A path that `doc` may set: through lists by index, else by one of `keys`. */
export function anyPath(
  random: SeededRandom,
  doc: JsonCrdt,
  keys: readonly string[],
): Step[] {
  const path: Step[] = [];
  do {
    const value = path.length === 0 ? {} : doc.get(path);
    if (!Array.isArray(value)) path.push(random.pick(keys));
    else if (value.length === 0) break;
    else path.push(random.below(value.length));
  } while (random.chance(50));
  return path;
}
