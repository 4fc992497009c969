/**
 * A structured logger: records are data, and transports decide where they go.
 *
 * @module
 */
export { configureLogger, getLogger } from "./global.ts";
export { LoggerHub, type LoggerOptions } from "./hub.ts";
export { formatRecordAsJson } from "./json_format.ts";
export type { LogLevel, LogLevels, LogThreshold } from "./level.ts";
export { type LogContext, type Logger, silentLogger } from "./logger.ts";
export type { LoggedError, LogRecord } from "./record.ts";
export { formatRecordAsText, type TextFormatOptions } from "./text_format.ts";
export {
  createTransport,
  type LogTransport,
  type LogTransportOptions,
  type LogWrite,
} from "./transport.ts";
