import { DistflowError } from "../../base/errors.ts";
import type { Core } from "../core.ts";
import type { Receipt } from "../inbox.ts";
import { decodeMessage, type Unit } from "../message.ts";
import type { Operation } from "../operation.ts";
import { decodeDiff } from "./diff.ts";
import { fillCore, type FilledCore } from "./filled_core.ts";
import {
  type Frame,
  isFramed,
  KNOWLEDGE,
  readOnlyFrame,
  STATE,
} from "./frame.ts";
import { decodeReport } from "./knowledge.ts";
import { hasSeen } from "./must_replace.ts";
import { readState } from "./read_state.ts";
import { retireAll } from "./retire_all.ts";

/** The new document that is filled. */
export interface LoadingHost {
  /** Its parts. */
  readonly core: Core;
  /** Takes over a state that has all that is here. */
  replace(state: Frame): void;
  /** Joins another state. */
  join(state: FilledCore): void;
  /** Takes a transaction in, which may be this replica's own. */
  receive(unit: Unit): Receipt;
}

/**
 * Fills a new document with a saved state, with the frames that follow it in its
 * file, and with messages that were saved apart.
 *
 * @throws {DistflowError} `CORRUPT_DATA` if they are none of such, or if an edit
 * of one's own lacks what was before it; `DUPLICATE_REPLICA` if a replica of its
 * name wrote some of it, and does not resume.
 */
export function loadSaved(
  host: LoadingHost,
  [first, ...added]: readonly Frame[],
  messages: readonly Uint8Array[],
  isResumed: boolean,
): void {
  const { core } = host;
  readState(first as Frame).fill(core);
  core.loadSettings(false, true);
  const parts: (Frame | Uint8Array)[] = [
    ...added,
    ...messages.map((each) => isFramed(each) ? readOnlyFrame(each) : each),
  ];
  const lastPromise = parts.findLastIndex((part) =>
    "kind" in part && part.kind === KNOWLEDGE
  );
  for (const [index, part] of parts.entries()) {
    if ("kind" in part) loadFrame(host, part);
    else loadUnits(host, decodeMessage(part, core.replicas), true);
    // What was promised holds for what had been removed by then. The last time
    // does for all, each of which would be a walk through all places: what had
    // been removed at an earlier one still is, or is gone with all around it,
    // and only a local insertion asks what is retired, of which there is none.
    if (index === lastPromise) retireAll(core.tree);
  }
  if (isResumed || core.vector.get(core.self) === 0) return;
  throw new DistflowError(
    "DUPLICATE_REPLICA",
    `Cannot restore as "${core.name}": a replica of that name wrote what was saved`,
  );
}

function loadFrame(host: LoadingHost, frame: Frame): void {
  const { core } = host;
  if (frame.kind === STATE) {
    const filled = fillCore(readState(frame));
    // It may have been written before the snapshot, which may have forgotten
    // what it has.
    if (hasSeen(core, filled.core, filled.core.vector)) return;
    // As a rule it is a later one of the same document, with all there was.
    if (hasSeen(filled.core, core, core.vector)) host.replace(frame);
    else host.join(filled);
  } else if (frame.kind === KNOWLEDGE) {
    const report = decodeReport(frame, core.replicas);
    core.stability.resume(report);
    core.tree.settled.join(core.stability.retired);
    core.stability.floor.join(core.stability.retired);
  } else loadUnits(host, decodeDiff(frame, core.replicas), false);
}

/** @param canWait Whether those of others may come before what they need. */
function loadUnits(
  host: LoadingHost,
  units: readonly Unit[],
  canWait: boolean,
): void {
  const { clock, self } = host.core;
  for (const unit of units) {
    const { replica, stamp } = unit[0] as Operation;
    // It was applied once already, wherever the wall clock stands now.
    clock.receive(stamp);
    const receipt = host.receive(unit);
    if (receipt === "applied" || receipt === "duplicate") continue;
    if (canWait && replica !== self) continue;
    throw new DistflowError(
      "CORRUPT_DATA",
      "Cannot restore a document: an operation lacks what was before it",
    );
  }
}
