import type { Clock } from "../base/clock.ts";
import { LEVEL_RANKS, type LevelRules, type LogLevel } from "./level.ts";
import type { LogRecord } from "./record.ts";
import { isErrorLike, NO_CONTEXT, Snapshot } from "./snapshot.ts";
import type { LogTransport } from "./transport.ts";

/** One destination, and what is known about it. */
export interface Sink {
  /** The destination. */
  readonly transport: LogTransport;
  /** The least rank that it wants. */
  readonly rank: number;
  /** Whether it is taking a record right now. */
  isBusy: boolean;
  /** Whether a failure of it has been reported. */
  isReported: boolean;
}

/** Options that were checked and completed. */
export interface Setup {
  /** Who lets what through. */
  readonly rules: LevelRules;
  /** The name of loggers that have none of their own. */
  readonly name: string;
  /** A record as text. */
  readonly format: (record: LogRecord) => string;
  /** Where records go. */
  readonly sinks: readonly Sink[];
  /** Stamps records. */
  readonly clock: Pick<Clock, "wallMs">;
  /** Where failing transports are reported. */
  readonly writeError: (text: string) => void;
}

/** What a call of a logger was given. */
export interface Entry {
  /** How much it matters. */
  readonly level: LogLevel;
  /** The logger's name. */
  readonly name: string;
  /** What happened. */
  readonly message: unknown;
  /** What child loggers add, already copied. */
  readonly inherited: LogRecord["context"];
  /** The values of the call, not yet copied. */
  readonly context: unknown;
  /** What was caught, not yet copied; undefined if nothing was. */
  readonly error: unknown;
}

/**
 * Makes records and hands them to the transports; the part of a hub that its
 * loggers share. Nothing here throws at whoever logs.
 */
export class Dispatcher {
  /** The options in force; loggers compare it to see that they changed. */
  setup: Setup;
  /** Records that a transport did not take. */
  undeliveredCount = 0;
  #isReading = false;

  /** Makes a dispatcher that works as `setup` says. */
  constructor(setup: Setup) {
    this.setup = setup;
  }

  /** Sends one record to every transport that wants its level. */
  dispatch(entry: Entry): void {
    const setup = this.setup;
    let record: LogRecord;
    try {
      record = this.#record(setup, entry);
    } catch {
      // The clock failed, or the stack is full: there is no record to show.
      this.undeliveredCount++;
      return;
    }
    let line: string | undefined;
    const format = () => line ??= setup.format(record);
    for (const sink of setup.sinks) {
      if (LEVEL_RANKS[entry.level] >= sink.rank) {
        this.#write(setup, sink, record, format);
      }
    }
  }

  /**
   * Copies values while marking that it does, since reading them may run code
   * that logs: such a record is sent without its values, or a getter that logs
   * its own object would never end.
   */
  read<Result>(copy: (snapshot: Snapshot) => Result, instead: Result): Result {
    if (this.#isReading) return instead;
    this.#isReading = true;
    try {
      return copy(new Snapshot());
    } finally {
      this.#isReading = false;
    }
  }

  #record(setup: Setup, entry: Entry): LogRecord {
    const { level, name, inherited } = entry;
    const time = setup.clock.wallMs();
    const message = typeof entry.message === "string"
      ? new Snapshot().message(entry.message)
      : this.read((snapshot) => snapshot.message(entry.message), "");
    // Programs without types pass an error in the place of the context.
    const isError = entry.error === undefined &&
      this.read(() => isErrorLike(entry.context), false);
    const [values, error] = isError
      ? [undefined, entry.context]
      : [entry.context, entry.error];
    const own = values === undefined
      ? NO_CONTEXT
      : this.read((snapshot) => snapshot.context(values), NO_CONTEXT);
    const context = merge(inherited, own);
    const record = { time, level, name, message, context };
    if (error === undefined) return Object.freeze(record);
    const logged = this.read((snapshot) => snapshot.error(error), undefined);
    return Object.freeze(logged ? { ...record, error: logged } : record);
  }

  #write(
    setup: Setup,
    sink: Sink,
    record: LogRecord,
    format: () => string,
  ): void {
    if (sink.isBusy) {
      this.undeliveredCount++;
      return;
    }
    sink.isBusy = true;
    try {
      const result: unknown = sink.transport.write(record, format);
      if (result instanceof Promise) {
        result.catch((error) => this.#failed(setup, sink, error));
      }
    } catch (error) {
      this.#failed(setup, sink, error);
    } finally {
      sink.isBusy = false;
    }
  }

  #failed(setup: Setup, sink: Sink, error: unknown): void {
    this.undeliveredCount++;
    if (sink.isReported) return;
    sink.isReported = true;
    try {
      const record = this.#record(setup, {
        level: "error",
        name: "distflow.log",
        message: "A log transport failed; from now on it is only counted",
        inherited: NO_CONTEXT,
        context: { transport: setup.sinks.indexOf(sink) },
        error,
      });
      setup.writeError(`${setup.format(record)}\n`);
    } catch {
      // Standard error fails as well; the next failure tries it again.
      sink.isReported = false;
    }
  }
}

/** Both contexts in one; what the call gave wins. */
export function merge(
  inherited: LogRecord["context"],
  own: LogRecord["context"],
): LogRecord["context"] {
  if (own === NO_CONTEXT) return inherited;
  if (inherited === NO_CONTEXT) return own;
  return Object.freeze({ ...inherited, ...own });
}
