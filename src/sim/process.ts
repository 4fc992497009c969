import type { Random } from "../base/random.ts";
import { SeededRandom } from "../base/random.ts";
import type {
  EndSignal,
  Platform,
  ProcessControl,
  SpawnRequest,
} from "../transport/platform.ts";
import { SimClock } from "./clock.ts";
import type { Execution } from "./execution.ts";
import type { Network } from "./network.ts";
import { Output } from "./output.ts";
import type { Scheduler } from "./scheduler.ts";

/** The whole of a program that runs as a simulated process. */
export type SimProgram = (platform: Platform) => void | Promise<void>;

/** Options for {@linkcode SimWorld.process}. */
export interface SimProcessOptions {
  /**
   * The host that the process runs on, by the address at which others reach
   * it; a new one is set up when it is first named.
   *
   * @default {"10.0.0.1"}
   */
  hostname?: string;
  /**
   * What the process is called in the trace.
   *
   * @default its pid and its hostname
   */
  name?: string;
  /**
   * What runs in it: one of the world's programs by name, or a function. It
   * ends by itself when nothing is left that it could wait for. Without a
   * program, the test itself uses the process, which ends when told to.
   */
  program?: string | SimProgram;
  /**
   * What `platform.process.args` has.
   *
   * @default {[]}
   */
  args?: readonly string[];
  /**
   * What `platform.process.env` finds.
   *
   * @default {{}}
   */
  env?: Readonly<Record<string, string>>;
  /**
   * What `platform.process.runtime` says.
   *
   * @default {"sim/1.0.0"}
   */
  runtime?: string;
  /**
   * Whether it may start other processes.
   *
   * @default {true}
   */
  canSpawn?: boolean;
}

/** What a {@linkcode SimProcess} needs of its world. */
export interface ProcessContext {
  /** Time. */
  readonly scheduler: Scheduler;
  /** Sockets. */
  readonly network: Network;
  /** Chance, for what is drawn once per process. */
  readonly random: Random;
  /** Starts a process for another one; see {@linkcode ProcessControl.spawn}. */
  spawn(parent: SimProcess, request: SpawnRequest): Promise<string>;
}

/** Exit codes of processes that a signal ended, as shells report them. */
const SIGNAL_EXIT_CODES: Readonly<Record<EndSignal | "SIGKILL", number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGKILL: 137,
  SIGTERM: 143,
};

/** What the world knows of a process beside its public face. */
export interface ProcessInternals {
  /** Its event loop. */
  readonly execution: Execution;
  /** Its standard output. */
  readonly output: Output;
  /** Its environment variables. */
  readonly env: Readonly<Record<string, string>>;
}

/** Monotonic clocks start somewhere below this. */
const ORIGIN_MS_LIMIT = 1_000_000;

let readInternals: (process: SimProcess) => ProcessInternals;
let construct: (
  execution: Execution,
  pid: number,
  options: SimProcessOptions,
  context: ProcessContext,
) => SimProcess;

/**
 * A process of a {@linkcode SimWorld}: a platform to run things on, and the
 * ways in which a process can fail.
 *
 * @example A process that is killed leaves nothing running
 * ```ts
 * import { SimWorld } from "@distflow/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const world = new SimWorld({ seed: 1 });
 * const process = world.process();
 * let ticks = 0;
 * process.platform.clock.schedule(10, () => ticks++);
 * process.platform.clock.schedule(30, () => ticks++);
 * await world.run(20);
 * process.crash();
 * await world.run(20);
 * assertEquals(ticks, 1);
 * ```
 */
export class SimProcess {
  /** What to pass as the `platform` option of whatever runs in the process. */
  readonly platform: Platform;
  /** The address of its host. */
  readonly hostname: string;
  /** Its id; another process on its host has another one. */
  readonly pid: number;
  /** What it is called in the trace. */
  readonly name: string;
  /** Whether it may start other processes; may be changed at any time. */
  canSpawn: boolean;

  readonly #execution: Execution;
  readonly #handlers: Map<EndSignal, (signal: EndSignal) => void> = new Map();
  readonly #output: Output;
  readonly #errorOutput: Output;
  readonly #env: Readonly<Record<string, string>>;

  static {
    construct = (...parts) => new SimProcess(...parts);
    readInternals = (process) => ({
      execution: process.#execution,
      output: process.#output,
      env: process.#env,
    });
  }

  private constructor(
    execution: Execution,
    pid: number,
    options: SimProcessOptions,
    context: ProcessContext,
  ) {
    this.#execution = execution;
    execution.process = this;
    this.hostname = execution.host.hostname;
    this.pid = pid;
    this.name = execution.label;
    this.canSpawn = options.canSpawn ?? true;
    this.#env = options.env ?? {};
    const { scheduler, network, random } = context;
    this.#output = new Output();
    this.#errorOutput = new Output();
    this.#output.onLine((line) => scheduler.note(this.name, `out: ${line}`));
    this.#errorOutput.onLine((line) =>
      scheduler.note(this.name, `error: ${line}`)
    );
    const originMs = random.below(ORIGIN_MS_LIMIT);
    this.platform = {
      clock: new SimClock(execution, scheduler, originMs),
      random: new SeededRandom(random.below(2 ** 32)),
      transport: network.transportFor(execution),
      process: this.#makeControl(options, context),
    };
  }

  /** Whether it has not ended. */
  get alive(): boolean {
    return this.#execution.isAlive;
  }

  /** Whether it lives and stands still. */
  get frozen(): boolean {
    return this.#execution.isFrozen;
  }

  /**
   * How it ended: its exit code, or 128 and the signal's number, as in a
   * shell; undefined while it lives.
   */
  get exitCode(): number | undefined {
    return this.#execution.exitCode;
  }

  /** The last thousand lines that it wrote on standard output. */
  get output(): readonly string[] {
    return this.#output.lines;
  }

  /** The last thousand lines that it wrote on standard error. */
  get errorOutput(): readonly string[] {
    return this.#errorOutput.lines;
  }

  /** What its callbacks, or its program, threw without anyone catching it. */
  get uncaught(): readonly unknown[] {
    return this.#execution.uncaught;
  }

  /** Its sockets that have not told it of their end. */
  get openConnections(): number {
    return this.#execution.sockets.size;
  }

  /** Its listeners that were not closed. */
  get openListeners(): number {
    return this.#execution.listeners.size;
  }

  /** Timers of its clock that are neither due nor cancelled. */
  get pendingTimers(): number {
    return this.#execution.timerCount;
  }

  /** Connects and spawns that it still waits for. */
  get pendingOperations(): number {
    return this.#execution.operationCount;
  }

  /**
   * Ends it at once, as `kill -9` does: nothing of it ever runs again, what it
   * waits for never comes, and the system closes its sockets, so that others
   * find their connections ended or reset.
   */
  crash(): void {
    this.#execution.kill(SIGNAL_EXIT_CODES.SIGKILL, "is killed");
  }

  /**
   * Makes it stand still, as SIGSTOP or a paused virtual machine does: nothing
   * runs, its sockets stay open, and the system goes on to accept connections
   * and bytes for it until its buffers are full.
   */
  freeze(): void {
    this.#execution.freeze();
  }

  /** Makes it go on: first all timers that are due, then what came. */
  thaw(): void {
    this.#execution.thaw();
  }

  /** Asks it to end; without a handler for `signal`, it is ended. */
  signal(signal: EndSignal): void {
    const handler = this.#handlers.get(signal);
    if (handler !== undefined) {
      this.#execution.post(`receives ${signal}`, () => handler(signal));
    } else {
      const exitCode = SIGNAL_EXIT_CODES[signal];
      this.#execution.kill(exitCode, `is ended by ${signal}`);
    }
  }

  /** Its name. */
  toString(): string {
    return this.name;
  }

  #makeControl(
    options: SimProcessOptions,
    context: ProcessContext,
  ): ProcessControl {
    const execution = this.#execution;
    const handlers = this.#handlers;
    return {
      pid: this.pid,
      runtime: options.runtime ?? "sim/1.0.0",
      shared: new Map(),
      args: options.args ?? [],
      env: (name) => this.#env[name],
      spawn: (request) => context.spawn(this, request),
      onSignal: (signals, handler) => {
        for (const signal of signals) handlers.set(signal, handler);
        return () => {
          for (const signal of signals) {
            if (handlers.get(signal) === handler) handlers.delete(signal);
          }
        };
      },
      exit: (code) => execution.kill(code, `exits with ${code}`),
      writeOut: (text) => {
        if (execution.isAlive) this.#output.write(text);
      },
      writeError: (text) => {
        if (execution.isAlive) this.#errorOutput.write(text);
      },
    };
  }
}

/** Makes a process whose event loop is `execution`; for the world. */
export function makeProcess(
  execution: Execution,
  pid: number,
  options: SimProcessOptions,
  context: ProcessContext,
): SimProcess {
  return construct(execution, pid, options, context);
}

/** What the world knows of `process` beside its public face. */
export function internalsOf(process: SimProcess): ProcessInternals {
  return readInternals(process);
}
