import type { Branch } from "../branch.ts";
import { Core } from "../core.ts";
import { HybridClock } from "../hybrid_clock.ts";
import type { StateReader } from "./read_state.ts";

/** A state that was read, and the elements that stand in no list of it. */
export interface FilledCore {
  /** What was read, as the document that wrote it had it. */
  readonly core: Core;
  /** See {@linkcode FilledCore}. */
  readonly anchored: readonly Branch[];
}

/** Reads a state into a core of its own. */
export function fillCore(reader: StateReader): FilledCore {
  const core = new Core(reader.head.writer, new HybridClock(), new Map());
  return { core, anchored: reader.fill(core) };
}
