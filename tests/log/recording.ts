import {
  createTransport,
  LoggerHub,
  type LoggerOptions,
  type LogRecord,
} from "../../src/log/mod.ts";

/** A hub whose time stands still at 1000, and all that came out of it. */
export interface Recording {
  readonly hub: LoggerHub;
  /** What the one transport was given. */
  readonly records: LogRecord[];
  /** The same in the form of the hub. */
  readonly texts: string[];
  /** What was written to standard error. */
  readonly errors: string[];
}

/** Makes a hub that lets everything through and keeps it. */
export function record(options: LoggerOptions = {}): Recording {
  const records: LogRecord[] = [];
  const texts: string[] = [];
  const errors: string[] = [];
  const hub = new LoggerHub({
    level: "debug",
    clock: { wallMs: () => 1000 },
    writeError: (text) => errors.push(text),
    transports: [
      createTransport((record, format) => {
        records.push(record);
        texts.push(format());
      }),
    ],
    ...options,
  });
  return { hub, records, texts, errors };
}
