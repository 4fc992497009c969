import { LoggerHub, type LoggerOptions } from "./hub.ts";
import type { Logger } from "./logger.ts";

let hub: LoggerHub | undefined;

/** The hub of the whole program, made when it is first asked for. */
function globalHub(): LoggerHub {
  return hub ??= new LoggerHub();
}

/**
 * Decides what the loggers of this program let through and where it goes.
 *
 * Calling it again replaces the whole configuration, also for the loggers that
 * exist; an option that is left out returns to its default. Before the first
 * call, warnings and errors go to standard error as text. It is for programs:
 * a library logs and leaves this to whoever uses it.
 *
 * @example Everything of one part, as JSON
 * ```ts
 * import {
 *   configureLogger,
 *   createTransport,
 *   getLogger,
 * } from "@distflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const lines: string[] = [];
 * configureLogger({
 *   level: { "*": "error", "shop": "debug" },
 *   prettyPrint: false,
 *   clock: { wallMs: () => 7 },
 *   transports: [createTransport((_record, format) => lines.push(format()))],
 * });
 *
 * getLogger("shop.orders").debug("Paid");
 * getLogger("distflow.node").debug("Sent a heartbeat");
 * assertEquals(lines, [
 *   '{"time":7,"level":"debug","name":"shop.orders","message":"Paid","context":{}}',
 * ]);
 * ```
 *
 * @returns The hub behind {@linkcode getLogger}, which counts what transports
 * did not take.
 * @throws {TypeError} If an option is not what it must be; the configuration
 * is then still the old one.
 */
export function configureLogger(options: LoggerOptions): LoggerHub {
  const target = globalHub();
  target.configure(options);
  return target;
}

/**
 * A logger of this program, called `name`; see {@linkcode configureLogger}.
 *
 * @example
 * ```ts
 * import { getLogger } from "@distflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * const logger = getLogger("shop.orders").child({ order: 17 });
 * if (logger.isEnabled("debug")) {
 *   logger.debug("Stock", { articles: await Promise.resolve(3) });
 * }
 * logger.info("Paid", { cents: 250 });
 * assertEquals(logger.isEnabled("error"), true);
 * ```
 *
 * @param name 1 to 256 characters, by convention words with dots between; the
 * configured `name` if left out.
 * @throws {TypeError} If `name` is something else.
 */
export function getLogger(name?: string): Logger {
  return globalHub().getLogger(name);
}
