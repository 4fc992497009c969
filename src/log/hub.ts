import type { Clock } from "../base/clock.ts";
import { checkText } from "../base/options.ts";
import { currentPlatform } from "../platform/mod.ts";
import { Dispatcher, merge, type Setup, type Sink } from "./dispatcher.ts";
import { formatRecordAsJson } from "./json_format.ts";
import {
  checkThreshold,
  DEFAULT_THRESHOLD,
  LEVEL_RANKS,
  LevelRules,
  type LogLevel,
  type LogLevels,
} from "./level.ts";
import type { LogContext, Logger } from "./logger.ts";
import type { LogRecord } from "./record.ts";
import { NO_CONTEXT } from "./snapshot.ts";
import { formatRecordAsText } from "./text_format.ts";
import { createTransport, type LogTransport } from "./transport.ts";

/** Options for {@linkcode configureLogger} and {@linkcode LoggerHub}. */
export interface LoggerOptions {
  /**
   * What is let through: one threshold, or one for each name, as in
   * `{ "*": "info", "distflow.pmd": "debug" }`.
   *
   * @default {"warn"}
   */
  level?: LogLevels;
  /**
   * Whether records are written as aligned text for people, or as one JSON
   * object per line for programs. Decides about the default transport and
   * about the `format` that other transports are given.
   *
   * @default {true}
   */
  prettyPrint?: boolean;
  /**
   * Colours the text for people. Nothing is guessed from the environment: ask
   * whether standard error is a terminal, and for `NO_COLOR`, yourself.
   *
   * @default {false}
   */
  colors?: boolean;
  /**
   * The name of loggers that are asked for without one; 1 to 256 characters.
   *
   * @default {"app"}
   */
  name?: string;
  /**
   * Where records go, instead of standard error; an empty list for nowhere.
   */
  transports?: readonly LogTransport[];
  /** What stamps the records; the runtime's clock by default. */
  clock?: Pick<Clock, "wallMs">;
  /**
   * Writes text to standard error, for the default transport and for the report
   * about one that fails; the runtime's by default.
   */
  writeError?: (text: string) => void;
}

const NAME_LENGTH_MAX = 256;
const ACT = "configure the logger";

/**
 * Loggers that share one configuration.
 *
 * {@linkcode configureLogger} and {@linkcode getLogger} work on one hub for
 * the whole program. Make another one where that is not wanted: in a test, or
 * for a simulated process with its own clock.
 *
 * @example A logger for one test
 * ```ts
 * import { LoggerHub } from "@distflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * let output = "";
 * const hub = new LoggerHub({
 *   level: "debug",
 *   prettyPrint: false,
 *   clock: { wallMs: () => 7 },
 *   writeError: (text) => output += text,
 * });
 * hub.getLogger("test").debug("Here", { step: 1 });
 * assertEquals(
 *   output,
 *   '{"time":7,"level":"debug","name":"test","message":"Here","context":{"step":1}}\n',
 * );
 * ```
 */
export class LoggerHub {
  readonly #dispatcher: Dispatcher;

  /**
   * Makes a hub; without options it writes warnings and errors to standard
   * error, as text.
   *
   * @throws {TypeError} If an option is not what it must be.
   */
  constructor(options: LoggerOptions = {}) {
    this.#dispatcher = new Dispatcher(resolveOptions(options));
  }

  /**
   * Replaces the whole configuration, also for the loggers that exist; an
   * option that is left out returns to its default.
   *
   * @throws {TypeError} If an option is not what it must be; the configuration
   * is then still the old one.
   */
  configure(options: LoggerOptions): void {
    this.#dispatcher.setup = resolveOptions(options);
  }

  /**
   * A logger called `name`; the dots in a name make levels, see
   * {@linkcode LogLevels}. Loggers are cheap, and two of one name are alike.
   *
   * @param name 1 to 256 characters; the hub's `name` if left out.
   * @throws {TypeError} If `name` is neither.
   */
  getLogger(name?: string): Logger {
    if (name !== undefined) {
      checkText("get a logger", "name", name, NAME_LENGTH_MAX);
    }
    return new HubLogger(this.#dispatcher, name, NO_CONTEXT);
  }

  /**
   * How many records a transport has not taken: it threw, it rejected, or the
   * record was logged by the transport itself while it took another one.
   */
  get undeliveredCount(): number {
    return this.#dispatcher.undeliveredCount;
  }
}

class HubLogger implements Logger {
  readonly #dispatcher: Dispatcher;
  readonly #name: string | undefined;
  readonly #inherited: LogRecord["context"];
  /** The configuration that `#rank` was taken from. */
  #setup: Setup;
  #rank: number;

  constructor(
    dispatcher: Dispatcher,
    name: string | undefined,
    inherited: LogRecord["context"],
  ) {
    this.#dispatcher = dispatcher;
    this.#name = name;
    this.#inherited = inherited;
    this.#setup = dispatcher.setup;
    this.#rank = rankOf(this.#setup, name);
  }

  debug(message: string, context?: LogContext, error?: unknown): void {
    if (this.isEnabled("debug")) this.#log("debug", message, context, error);
  }

  info(message: string, context?: LogContext, error?: unknown): void {
    if (this.isEnabled("info")) this.#log("info", message, context, error);
  }

  warn(message: string, context?: LogContext, error?: unknown): void {
    if (this.isEnabled("warn")) this.#log("warn", message, context, error);
  }

  error(message: string, context?: LogContext, error?: unknown): void {
    if (this.isEnabled("error")) this.#log("error", message, context, error);
  }

  isEnabled(level: LogLevel): boolean {
    const setup = this.#dispatcher.setup;
    if (this.#setup !== setup) {
      this.#setup = setup;
      this.#rank = rankOf(setup, this.#name);
    }
    return LEVEL_RANKS[level] >= this.#rank;
  }

  child(context: LogContext): Logger {
    const own = this.#dispatcher.read(
      (snapshot) => snapshot.context(context),
      NO_CONTEXT,
    );
    const inherited = merge(this.#inherited, own);
    return new HubLogger(this.#dispatcher, this.#name, inherited);
  }

  #log(
    level: LogLevel,
    message: string,
    context: LogContext | undefined,
    error: unknown,
  ): void {
    this.#dispatcher.dispatch({
      level,
      name: this.#name ?? this.#setup.name,
      message,
      inherited: this.#inherited,
      context,
      error,
    });
  }
}

function rankOf(setup: Setup, name: string | undefined): number {
  return setup.rules.rankOf(name ?? setup.name);
}

function resolveOptions(options: LoggerOptions): Setup {
  const { prettyPrint = true, colors = false } = options;
  const writeError = options.writeError ?? writePlatformError;
  return {
    rules: new LevelRules(ACT, options.level ?? DEFAULT_THRESHOLD),
    name: checkText(ACT, "name", options.name ?? "app", NAME_LENGTH_MAX),
    format: prettyPrint
      ? (record) => formatRecordAsText(record, { colors })
      : formatRecordAsJson,
    sinks: resolveTransports(options.transports, writeError),
    clock: options.clock ?? { wallMs: () => currentPlatform().clock.wallMs() },
    writeError,
  };
}

function resolveTransports(
  transports: readonly LogTransport[] | undefined,
  writeError: (text: string) => void,
): readonly Sink[] {
  const list: readonly LogTransport[] = transports ?? [
    createTransport((_record, format) => writeError(`${format()}\n`)),
  ];
  if (!Array.isArray(list)) {
    throw new TypeError(
      `Cannot ${ACT} as 'transports' must be a list: current value is ${typeof list}`,
    );
  }
  return list.map((transport, index) => {
    const option = `transports[${index}]`;
    if (typeof transport?.write !== "function") {
      throw new TypeError(
        `Cannot ${ACT} as '${option}' must have a method 'write'; createTransport(write) makes one`,
      );
    }
    const { level = "debug" } = transport;
    const threshold = checkThreshold(ACT, `${option}.level`, level);
    const rank = LEVEL_RANKS[threshold];
    return { transport, rank, isBusy: false, isReported: false };
  });
}

function writePlatformError(text: string): void {
  currentPlatform().process.writeError(text);
}
