import { EventQueue, type SimEvent } from "./event_queue.ts";
import type { Trace } from "./trace.ts";

/** Whatever ran code in a turn, and is asked what came of it. */
export interface TurnTaker {
  /** The turn is over: all promises that could go on have gone on. */
  afterTurn(): void;
}

/** How a drive of the scheduler ended. */
export type DriveEnd = "done" | "deadline" | "idle";

/** Turns at one moment after which time is said to stand still. */
const TURNS_PER_MOMENT_MAX = 100_000;

/**
 * Virtual time: makes what is planned happen, in order, as fast as it can.
 *
 * Each turn of a simulated process is one turn of the real event loop, as all
 * promises must have gone on before the next one; that costs about a
 * microsecond (measured on Deno 2.9 and Node.js 20, 2026-11). What only the
 * simulated network does takes no turn.
 */
export class Scheduler {
  readonly #trace: Trace;
  readonly #queue = new EventQueue();
  readonly #nextTurn: (callback: () => void) => void;
  readonly #makeError: (what: string) => Error;
  #nowUs = 0;
  #turnTaker: TurnTaker | undefined;
  #turnsAtThisMoment = 0;
  #turnCount = 0;
  #isDriving = false;
  #failure: Error | undefined;

  /**
   * Makes a scheduler that waits for promises by `nextTurn`, and whose own
   * errors come from `makeError`.
   */
  constructor(
    trace: Trace,
    nextTurn: (callback: () => void) => void,
    makeError: (what: string) => Error,
  ) {
    this.#trace = trace;
    this.#nextTurn = nextTurn;
    this.#makeError = makeError;
  }

  /** Microseconds of virtual time since the start. */
  get nowUs(): number {
    return this.#nowUs;
  }

  /** How many turns processes have taken. */
  get turnCount(): number {
    return this.#turnCount;
  }

  /** Plans `run` in `delayUs`, a whole number of at least 0. */
  after(delayUs: number, run: () => void): SimEvent {
    return this.#queue.add(this.#nowUs + delayUs, run);
  }

  /** Prevents what was planned. */
  cancel(event: SimEvent | undefined): void {
    if (event !== undefined) this.#queue.cancel(event);
  }

  /** Notes in the trace that `what` happened to `who` now. */
  note(who: string, what: string): void {
    this.#trace.add(this.#nowUs, who, what);
  }

  /** Makes bytes that were delivered a part of the trace's digest. */
  noteBytes(bytes: Uint8Array): void {
    this.#trace.addBytes(bytes);
  }

  /** Says that the current event runs code of `taker`. */
  takeTurn(taker: TurnTaker): void {
    this.#turnTaker = taker;
  }

  /** Ends this drive, and any later one, with `error`. */
  fail(error: Error): void {
    this.#failure ??= error;
  }

  /**
   * Makes things happen until `isDone`, until virtual time is `untilUs`, or,
   * with `stopsIdle`, until nothing is planned any more.
   *
   * @throws {Error} What `fail` was given; or if time stands still, if this is
   * called while a drive is under way, or if `isDone` throws.
   */
  drive(
    untilUs: number,
    isDone: () => boolean,
    stopsIdle: boolean,
  ): Promise<DriveEnd> {
    if (this.#isDriving) {
      return Promise.reject(
        new Error(
          "Cannot run a simulated world while it runs: await the earlier call first",
        ),
      );
    }
    this.#isDriving = true;
    return new Promise<DriveEnd>((resolve, reject) => {
      const step = () => {
        try {
          const end = this.#drain(untilUs, isDone, stopsIdle);
          if (end === undefined) return this.#nextTurn(step);
          this.#isDriving = false;
          resolve(end);
        } catch (error) {
          this.#isDriving = false;
          reject(error);
        }
      };
      this.#nextTurn(step);
    });
  }

  /** Goes on until a process took a turn (then undefined) or to an end. */
  #drain(
    untilUs: number,
    isDone: () => boolean,
    stopsIdle: boolean,
  ): DriveEnd | undefined {
    for (;;) {
      this.#finishTurn();
      if (this.#failure !== undefined) throw this.#failure;
      if (isDone()) return "done";
      const nextAtUs = this.#queue.nextAtUs;
      if (nextAtUs === undefined && stopsIdle) return "idle";
      if (nextAtUs === undefined || nextAtUs > untilUs) {
        this.#moveTo(untilUs);
        return "deadline";
      }
      this.#moveTo(nextAtUs);
      this.#queue.take()?.();
      if (this.#turnTaker !== undefined) return undefined;
    }
  }

  #moveTo(atUs: number): void {
    if (atUs > this.#nowUs) this.#turnsAtThisMoment = 0;
    this.#nowUs = atUs;
  }

  #finishTurn(): void {
    const taker = this.#turnTaker;
    if (taker === undefined) return;
    this.#turnTaker = undefined;
    this.#turnCount++;
    taker.afterTurn();
    if (++this.#turnsAtThisMoment > TURNS_PER_MOMENT_MAX) {
      throw this.#makeError(
        `Time stands still: ${TURNS_PER_MOMENT_MAX} turns were taken at one moment of virtual time`,
      );
    }
  }
}
