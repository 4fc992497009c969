import type { Timer } from "../base/clock.ts";
import type { SimEvent } from "./event_queue.ts";
import type { Host } from "./host.ts";
import type { SimProcess } from "./process.ts";
import type { Scheduler, TurnTaker } from "./scheduler.ts";

/** A socket or a listener, which its process leaves behind when it ends. */
export interface Leftover {
  /** The process is gone: the system closes what it held. */
  vanish(): void;
}

/** What an {@linkcode Execution} tells the world. */
export interface ExecutionObserver {
  /** Code of the process threw, and nothing caught it: it ended. */
  uncaught(execution: Execution, error: unknown): void;
  /** The process ended, for whatever reason. */
  ended(execution: Execution): void;
}

interface Task {
  readonly what: string;
  readonly run: () => void;
}

/** Timers of Deno and Node.js take a delay of at most this. */
const DELAY_MS_MAX = 2 ** 31 - 1;

const INERT: Timer = { cancel: () => {} };

/**
 * The event loop of one simulated process: what runs in it, and whether it
 * runs at all.
 *
 * While frozen, nothing runs and everything waits; once dead, nothing ever
 * runs again, and whatever code of it is still called does nothing.
 */
export class Execution implements TurnTaker {
  /** Who it is in the trace. */
  readonly label: string;
  /** The host that it runs on. */
  readonly host: Host;
  /** Its open sockets, those included that it does not know of yet. */
  readonly sockets: Set<Leftover> = new Set();
  /** Its open listeners. */
  readonly listeners: Set<Leftover> = new Set();
  /** What it threw and nobody caught. */
  readonly uncaught: unknown[] = [];
  /** Set by the process, right after it was made. */
  process!: SimProcess;

  readonly #scheduler: Scheduler;
  readonly #observer: ExecutionObserver;
  readonly #timers: Set<SimTimer> = new Set();
  #dueTimers: SimTimer[] = [];
  #heldTasks: Task[] = [];
  #taskCount = 0;
  #operationCount = 0;
  #isFrozen = false;
  #exitCode: number | undefined;
  #main: "none" | "running" | "returned" = "none";

  /** Makes the event loop of a process on `host`. */
  constructor(
    label: string,
    host: Host,
    scheduler: Scheduler,
    observer: ExecutionObserver,
  ) {
    this.label = label;
    this.host = host;
    this.#scheduler = scheduler;
    this.#observer = observer;
  }

  /** Whether it has not ended. */
  get isAlive(): boolean {
    return this.#exitCode === undefined;
  }

  /** Whether it lives and stands still. */
  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** How it ended: 0 to 255; undefined while it lives. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Timers of its clock that are neither due nor cancelled. */
  get timerCount(): number {
    let count = 0;
    for (const timer of this.#timers) if (timer.isCounted) count++;
    return count;
  }

  /** Connects, listens and spawns that it still waits for. */
  get operationCount(): number {
    return this.#operationCount;
  }

  /**
   * Runs `main` as its program: from then on, it ends by itself when nothing
   * is left that could run.
   */
  begin(main: () => void | Promise<void>): void {
    this.#main = "running";
    this.post("starts", () => {
      const result = main();
      if (result === undefined) {
        this.#main = "returned";
      } else {
        result.then(
          () => this.#main = "returned",
          (error) => this.#throw(error),
        );
      }
    });
  }

  /**
   * Runs `callback` in `delayMs`.
   *
   * @param isCounted Whether the timer is one of the program's own.
   */
  schedule(delayMs: number, callback: () => void, isCounted = true): Timer {
    if (!(delayMs >= 0 && delayMs <= DELAY_MS_MAX)) {
      throw new RangeError(
        `Cannot schedule a callback as 'delayMs' must be a number from 0 to ${DELAY_MS_MAX}: current value is ${delayMs}`,
      );
    }
    if (!this.isAlive) return INERT;
    // At least a microsecond: who polls with 0 must not stop time.
    const delayUs = Math.max(1, Math.ceil(delayMs * 1000));
    const timer = new SimTimer(delayMs, callback, isCounted, this.#cancel);
    timer.event = this.#scheduler.after(delayUs, () => this.#due(timer));
    this.#timers.add(timer);
    return timer;
  }

  /** Runs `run` in a turn of its own, as soon as it may run. */
  post(what: string, run: () => void): void {
    if (!this.isAlive) return;
    this.#taskCount++;
    this.#scheduler.after(0, () => {
      this.#taskCount--;
      this.deliver(what, run);
    });
  }

  /**
   * Runs `run` in this event, or once thawed; `what` is for the trace, unless
   * empty. Called by events of the network only, never from within code of a
   * process.
   */
  deliver(what: string, run: () => void): void {
    if (!this.isAlive) return;
    if (this.#isFrozen) this.#heldTasks.push({ what, run });
    else this.#enter(what, run);
  }

  /** Counts an operation that it waits for. */
  startOperation(): void {
    this.#operationCount++;
  }

  /** Counts an operation as over. */
  endOperation(): void {
    this.#operationCount--;
  }

  /** Stands still from now on. */
  freeze(): void {
    if (!this.isAlive || this.#isFrozen) return;
    this.#scheduler.note(this.label, "freezes");
    this.#isFrozen = true;
  }

  /**
   * Goes on. As in a real event loop, all timers that are due come first, so
   * that a heartbeat is found to be late before it is read.
   */
  thaw(): void {
    if (!this.#isFrozen || !this.isAlive) return;
    this.#scheduler.note(this.label, "thaws");
    this.#isFrozen = false;
    const timers = this.#dueTimers;
    const tasks = this.#heldTasks;
    this.#dueTimers = [];
    this.#heldTasks = [];
    for (const timer of timers) {
      timer.event = this.#scheduler.after(0, () => this.#due(timer));
    }
    for (const { what, run } of tasks) this.post(what, run);
  }

  /** Ends it, as `how` says: the system closes all that it held. */
  kill(exitCode: number, how: string): void {
    if (!this.isAlive) return;
    this.#scheduler.note(this.label, how);
    this.#exitCode = exitCode;
    this.#isFrozen = false;
    for (const timer of this.#timers) this.#scheduler.cancel(timer.event);
    this.#timers.clear();
    this.#dueTimers = [];
    this.#heldTasks = [];
    this.#operationCount = 0;
    for (const listener of [...this.listeners]) listener.vanish();
    for (const socket of [...this.sockets]) socket.vanish();
    this.listeners.clear();
    this.sockets.clear();
    this.#observer.ended(this);
  }

  /** Ends it if its program has nothing left to wait for. */
  afterTurn(): void {
    if (this.#main === "none" || !this.isAlive || this.#isFrozen) return;
    const isBusy = this.#timers.size > 0 || this.#taskCount > 0 ||
      this.#operationCount > 0 || this.listeners.size > 0 ||
      this.sockets.size > 0;
    if (isBusy) return;
    if (this.#main === "returned") {
      this.kill(0, "ends, as it has no more to do");
    } else this.kill(13, "ends, waiting for what cannot happen");
  }

  #due(timer: SimTimer): void {
    if (!this.isAlive) return;
    if (this.#isFrozen) {
      this.#dueTimers.push(timer);
      return;
    }
    this.#timers.delete(timer);
    this.#enter(`timer of ${timer.delayMs} ms`, timer.callback);
  }

  readonly #cancel = (timer: SimTimer): void => {
    this.#scheduler.cancel(timer.event);
    // While frozen it may be due already, and no longer planned.
    const index = this.#dueTimers.indexOf(timer);
    if (index >= 0) this.#dueTimers.splice(index, 1);
    this.#timers.delete(timer);
  };

  #enter(what: string, run: () => void): void {
    if (what !== "") this.#scheduler.note(this.label, what);
    this.#scheduler.takeTurn(this);
    try {
      run();
    } catch (error) {
      this.#throw(error);
    }
  }

  #throw(error: unknown): void {
    if (!this.isAlive) return;
    this.uncaught.push(error);
    this.kill(1, `throws ${String(error)}`);
    this.#observer.uncaught(this, error);
  }
}

/** A timer of a simulated process. */
class SimTimer implements Timer {
  readonly delayMs: number;
  readonly callback: () => void;
  readonly isCounted: boolean;
  event: SimEvent | undefined;
  readonly #onCancel: (timer: SimTimer) => void;

  constructor(
    delayMs: number,
    callback: () => void,
    isCounted: boolean,
    onCancel: (timer: SimTimer) => void,
  ) {
    this.delayMs = delayMs;
    this.callback = callback;
    this.isCounted = isCounted;
    this.#onCancel = onCancel;
  }

  cancel(): void {
    this.#onCancel(this);
  }
}
