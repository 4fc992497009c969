import { SeededRandom } from "../base/random.ts";
import type { ConnectionPair, SimConnection } from "./connection.ts";
import { Execution } from "./execution.ts";
import { Network } from "./network.ts";
import { usOf, type UsRange } from "./network_options.ts";
import {
  internalsOf,
  makeProcess,
  type ProcessContext,
  SimProcess,
  type SimProcessOptions,
  type SimProgram,
} from "./process.ts";
import { selectPairs, type SimSelection } from "./selection.ts";
import { Scheduler } from "./scheduler.ts";
import { spawnProcess, type SpawnWorld } from "./spawn.ts";
import { Trace } from "./trace.ts";
import {
  resolveWorldOptions,
  type SimWorldOptions,
  type UntilOptions,
} from "./world_options.ts";

/** Lines of the trace that come with a failure. */
const REPORT_LINES_MAX = 40;

const SETTLE_MS = 30_000;
const UNTIL_MS = 60_000;

/**
 * Hosts, processes and the network between them, simulated from a seed.
 *
 * Time is virtual: an hour passes as fast as what happens in it can be worked
 * off. Whatever is left to chance comes from the seed, so that the same seed
 * gives the same events, in the same order, on every runtime; as long as what
 * runs in the world asks nothing but its platform for time, chance and I/O.
 *
 * The network behaves like TCP: bytes stay in order and come cut anywhere,
 * senders feel slow readers, a killed process resets or ends its connections,
 * a partition holds bytes up until it heals or the sender gives up.
 *
 * @example Two processes, and a connection that breaks
 * ```ts
 * import { SimWorld } from "@distflow/core/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const world = new SimWorld({ seed: 7 });
 * const [server, client] = [world.process(), world.process()];
 * const address = { hostname: "127.0.0.1", port: 4369 };
 * const log: string[] = [];
 * const handler = (who: string) => ({
 *   data: (bytes: Uint8Array) => void log.push(`${who} reads ${bytes.length}`),
 *   drain: () => {},
 *   end: () => {},
 *   close: (error?: Error) => void log.push(`${who}: ${error?.message}`),
 * });
 *
 * await world.until(
 *   server.platform.transport.listen(address, (connection) => {
 *     connection.start(handler("server"));
 *   }),
 * );
 * const connection = await world.until(
 *   client.platform.transport.connect(address, { timeoutMs: 1000 }),
 * );
 * connection.start(handler("client"));
 * connection.write(new Uint8Array(1));
 * await world.until(() => log.length === 1);
 * assertEquals(log, ["server reads 1"]);
 *
 * world.cut([client, server]);
 * await world.run(100);
 * assertEquals([client.openConnections, server.openConnections], [0, 0]);
 * ```
 */
export class SimWorld {
  /** What decided everything. */
  readonly seed: number;
  /** Chance for the test itself; the network and the processes have their own. */
  readonly random: SeededRandom;

  readonly #onUncaught: "fail" | "record";
  readonly #trace: Trace;
  readonly #scheduler: Scheduler;
  readonly #network: Network;
  readonly #context: ProcessContext;
  readonly #spawnWorld: SpawnWorld;
  readonly #programs: ReadonlyMap<string, SimProgram>;
  readonly #living: Set<SimProcess> = new Set();
  readonly #endListeners: Map<Execution, () => void> = new Map();

  /**
   * Makes a world without processes, at time 0.
   *
   * @throws {TypeError|RangeError} If an option is not what it must be.
   */
  constructor(options: SimWorldOptions) {
    const settings = resolveWorldOptions(options);
    this.seed = settings.seed;
    this.#onUncaught = settings.onUncaught;
    this.#programs = settings.programs;
    this.#trace = new Trace(settings.traceLinesMax);
    this.#scheduler = new Scheduler(
      this.#trace,
      settings.nextTurn,
      (what) => this.#error(what),
    );
    const root = new SeededRandom(this.seed);
    const branch = () => new SeededRandom(root.below(2 ** 32));
    this.random = branch();
    this.#network = new Network(this.#scheduler, branch(), settings.network);
    this.#context = {
      scheduler: this.#scheduler,
      network: this.#network,
      random: branch(),
      spawn: (parent, request) =>
        spawnProcess(this.#spawnWorld, parent, request),
    };
    this.#spawnWorld = this.#makeSpawnWorld(settings.spawnDelay);
  }

  /** Milliseconds of virtual time since the start. */
  get nowMs(): number {
    return this.#scheduler.nowUs / 1000;
  }

  /** How many turns the event loops of all processes have taken. */
  get turnCount(): number {
    return this.#scheduler.turnCount;
  }

  /** The processes that have not ended, oldest first. */
  get processes(): SimProcess[] {
    return [...this.#living];
  }

  /** The connections that at least one side has open, oldest first. */
  get connections(): SimConnection[] {
    return this.#network.pairs;
  }

  /** The last lines of what happened: milliseconds, who, what. */
  get trace(): string[] {
    return this.#trace.lines();
  }

  /**
   * A checksum of all that happened so far, all bytes included: two runs of a
   * seed with the same checksum did the same.
   */
  get traceHash(): string {
    return this.#trace.digest();
  }

  /**
   * Starts a process.
   *
   * @throws {TypeError} If the world has no program of the given name, or if
   * the hostname is one that other hosts cannot reach.
   */
  process(options: SimProcessOptions = {}): SimProcess {
    const program = typeof options.program === "string"
      ? this.#findProgram(options.program)
      : options.program;
    const host = this.#network.host(options.hostname ?? "10.0.0.1");
    host.isOff = false;
    const pid = host.takePid();
    const name = options.name ?? `${pid}@${host.hostname}`;
    const execution = new Execution(name, host, this.#scheduler, {
      uncaught: (_execution, error) => {
        if (this.#onUncaught === "record") return;
        this.fail(`Process ${name} threw ${String(error)}`, error);
      },
      ended: () => {
        this.#living.delete(process);
        this.#network.links.forgetProcess(execution);
        this.#endListeners.get(execution)?.();
        this.#endListeners.delete(execution);
      },
    });
    const process = makeProcess(execution, pid, options, this.#context);
    this.#living.add(process);
    if (program !== undefined) execution.begin(() => program(process.platform));
    return process;
  }

  /**
   * Makes all happen that happens in the next `forMs` milliseconds.
   *
   * @throws {SimError} If code of a process threw, or if time stands still as
   * processes go on without end at one moment.
   */
  async run(forMs: number): Promise<void> {
    if (!(forMs >= 0 && forMs < Infinity)) {
      throw new RangeError(
        `Cannot run a simulated world as 'forMs' must be a number of at least 0: current value is ${forMs}`,
      );
    }
    const untilUs = this.#scheduler.nowUs + usOf(forMs);
    await this.#drive(untilUs, () => false, false);
  }

  /**
   * Lets the world come to rest: runs it for 30 s, which is more than all
   * leases and pauses between attempts, unless told otherwise.
   */
  async settle(forMs: number = SETTLE_MS): Promise<void> {
    await this.run(forMs);
  }

  /**
   * Runs the world until a promise is settled; returns its value, or throws
   * what it was rejected with.
   *
   * @throws {SimError} If it is not settled in time, or cannot be as nothing
   * is left that could happen; or for the reasons of `run`.
   */
  until<Value>(goal: Promise<Value>, options?: UntilOptions): Promise<Value>;
  /**
   * Runs the world until `goal`, which is asked after each turn of a process,
   * returns true.
   *
   * @throws {SimError} As with a promise.
   */
  until(goal: () => boolean, options?: UntilOptions): Promise<void>;
  async until<Value>(
    goal: Promise<Value> | (() => boolean),
    options: UntilOptions = {},
  ): Promise<Value | void> {
    const { withinMs = UNTIL_MS, what = "what the test waits for" } = options;
    let isDone = goal;
    if (typeof isDone !== "function") {
      let isSettled = false;
      const settle = () => void (isSettled = true);
      isDone.then(settle, settle);
      isDone = () => isSettled;
    }
    const untilUs = this.#scheduler.nowUs + usOf(withinMs);
    const end = await this.#drive(untilUs, isDone, true);
    if (end === "deadline") {
      throw this.#error(`${withinMs} ms have passed without ${what}`);
    }
    if (end === "idle") {
      throw this.#error(`Nothing is left to happen, without ${what}`);
    }
    if (typeof goal !== "function") return await goal;
  }

  /**
   * Resets connections, as a firewall that lost its memory does: what is on its
   * way is lost, and both sides are told `CONNECTION_RESET` soon.
   *
   * @returns How many it were.
   */
  cut(selection: SimSelection): number {
    const pairs = this.#select(selection);
    for (const pair of pairs) {
      this.#scheduler.note("", `cut ${pair}`);
      pair.cut();
    }
    return pairs.length;
  }

  /**
   * Makes connections half-open: whatever is sent on them disappears, and no
   * sign tells of it until a sender gives up.
   *
   * @param deaf The only side that hears nothing any more; both by default.
   * @returns How many it were.
   */
  halfOpen(selection: SimSelection, deaf?: SimProcess): number {
    const pairs = this.#select(selection);
    for (const pair of pairs) {
      this.#scheduler.note("", `${pair} is half-open for ${deaf ?? "both"}`);
      for (const socket of [pair.dialed, pair.accepted]) {
        if (deaf === undefined || socket.execution.process === deaf) {
          pair.makeDeaf(socket);
        }
      }
    }
    return pairs.length;
  }

  /**
   * Separates two groups of hosts. What is sent between them is held up: it
   * arrives some time after the partition is over, unless its sender gave up
   * before (`giveUpMs`, `CONNECTION_TIMEOUT`); who sends nothing notices
   * nothing. New connections time out.
   *
   * @returns A function that ends this partition.
   */
  partition(one: Iterable<string>, other: Iterable<string>): () => void {
    const [oneSide, otherSide] = [one, other].map((hostnames) =>
      new Set(
        Array.from(hostnames, (each) => this.#network.host(each).hostname),
      )
    ) as [Set<string>, Set<string>];
    const name = `{${[...oneSide]}} from {${[...otherSide]}}`;
    this.#scheduler.note("", `partition of ${name}`);
    const heal = this.#network.links.partition(oneSide, otherSide);
    return () => {
      this.#scheduler.note("", `end of the partition of ${name}`);
      heal();
    };
  }

  /** Ends all partitions. */
  heal(): void {
    this.#scheduler.note("", "end of all partitions");
    this.#network.links.heal();
  }

  /**
   * Makes all that a process sends and receives, or all between two processes,
   * `factor` times as slow as normal; 1 ends it.
   */
  slow(
    target: SimProcess | readonly [one: SimProcess, other: SimProcess],
    factor: number,
  ): void {
    if (!(factor > 0 && factor <= 1_000_000)) {
      throw new RangeError(
        `Cannot slow a process down as 'factor' must be a number above 0, up to 1000000: current value is ${factor}`,
      );
    }
    const [one, other] = target instanceof SimProcess ? [target] : target;
    this.#scheduler.note("", `${one} and ${other ?? "all"} slow: ${factor}`);
    this.#network.links.setSlowness(
      internalsOf(one).execution,
      other && internalsOf(other).execution,
      factor,
    );
  }

  /**
   * Takes the power from a host: its processes are gone without a sign for
   * others. It is back, and empty, when a process is started on it.
   */
  powerOff(hostname: string): void {
    const host = this.#network.host(hostname);
    this.#scheduler.note("", `${host.hostname} loses power`);
    host.isOff = true;
    for (const process of this.processes) {
      if (process.hostname !== host.hostname) continue;
      this.halfOpen(process);
      process.crash();
    }
  }

  /** Sets how far a host's wall clock is ahead (or, below 0, behind). */
  setWallSkew(hostname: string, skewMs: number): void {
    this.#scheduler.note(
      "",
      `wall clock of ${hostname} skewed by ${skewMs} ms`,
    );
    this.#network.host(hostname).wallSkewMs = skewMs;
  }

  /**
   * Fails the run, and any later one, with a {@linkcode SimError} that tells
   * `what` and where in the run it was noticed; for tests that watch from
   * within, where an exception would only end the process.
   */
  fail(what: string, cause?: unknown): void {
    this.#scheduler.fail(this.#error(what, { cause }));
  }

  /** Seed, time and the last lines of the trace, for a failure's message. */
  report(): string {
    const lines = this.trace.slice(-REPORT_LINES_MAX);
    return [
      `seed ${this.seed}, ${this.nowMs} ms of virtual time, ${this.turnCount} turns`,
      `the last ${lines.length} of ${this.#trace.count} lines of the trace:`,
      ...lines,
    ].join("\n");
  }

  #drive(
    untilUs: number,
    isDone: () => boolean,
    stopsIdle: boolean,
  ): Promise<"done" | "deadline" | "idle"> {
    return this.#scheduler.drive(untilUs, isDone, stopsIdle);
  }

  #findProgram(name: string): SimProgram {
    const program = this.#programs.get(name);
    if (program !== undefined) return program;
    throw new TypeError(
      `Cannot start a simulated process as the world has no program "${name}"`,
    );
  }

  #select(selection: SimSelection): ConnectionPair[] {
    return selectPairs(this.#network.pairs, selection);
  }

  #makeSpawnWorld(spawnDelay: UsRange): SpawnWorld {
    return {
      programs: this.#programs,
      spawnDelay,
      links: this.#network.links,
      process: (options) => this.process(options),
      onEnd: (execution, callback) => {
        this.#endListeners.set(execution, callback);
      },
    };
  }

  #error(what: string, options?: ErrorOptions): SimError {
    return new SimError(`${what}: ${this.report()}`, options);
  }
}

/** A simulated world did not do what its test waits for, or a process threw. */
export class SimError extends Error {
  /** The class name, written out so that minifiers keep it. */
  override readonly name = "SimError";
}
