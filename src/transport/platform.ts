import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Storage } from "./storage.ts";
import type { Transport } from "./transport.ts";

/** A module to run in a process of its own; see {@linkcode ProcessControl.spawn}. */
export interface SpawnRequest {
  /** The module's address: `file:`, `http:` or `https:`. */
  readonly module: URL;
  /** What the module is given as its arguments. */
  readonly args: readonly string[];
  /** How long to wait for its first line on standard output, in milliseconds. */
  readonly readyTimeoutMs: number;
}

/** A signal that asks a process to end. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** What a program may ask of the process it runs in. */
export interface ProcessControl {
  /** The operating system's process id. */
  readonly pid: number;
  /** Name and version of the runtime, such as `deno/2.9.6`. */
  readonly runtime: string;
  /** Values that exist once per process, such as its node. */
  readonly shared: Map<string, unknown>;
  /**
   * Runs a module in a process that outlives this one, on the same runtime.
   *
   * @returns The first line that it wrote on standard output.
   * @throws {DistflowError} `SPAWN_UNAVAILABLE` where no process can be made:
   * no permission, a compiled binary, or no such file; `PMD_LAUNCH_FAILED`
   * if it ended, or stayed silent, before a first line.
   */
  spawn(request: SpawnRequest): Promise<string>;
  /**
   * Calls `handler` instead of ending the process at one of `signals`.
   *
   * @returns A function that restores the default.
   */
  onSignal(
    signals: readonly EndSignal[],
    handler: (signal: EndSignal) => void,
  ): () => void;
  /** Ends the process with `code` as soon as its output is written. */
  exit(code: number): void;
  /** What the process was given on its command line, without its own name. */
  readonly args: readonly string[];
  /** The environment variable `name`; undefined if unset or not permitted. */
  env(name: string): string | undefined;
  /** Writes to standard output; a closed pipe on its other side is no error. */
  writeOut(text: string): void;
  /** Writes to standard error. */
  writeError(text: string): void;
}

/**
 * Everything distflow needs of the world: time, chance, sockets and the
 * process. One of Deno's, Node.js's or the simulator's is passed to whatever
 * starts something.
 */
export interface Platform {
  /** Time. */
  readonly clock: Clock;
  /** Chance. */
  readonly random: Random;
  /** Sockets. */
  readonly transport: Transport;
  /** The process. */
  readonly process: ProcessControl;
  /** What outlives the process; missing where nothing does. */
  readonly storage?: Storage;
}
