import { assertEquals } from "@std/assert";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runCommandLine } from "../../src/cli/main.ts";
import { silentLogger } from "../../src/log/mod.ts";
import type { NodeOptions } from "../../src/node/options.ts";
import { NodeRuntime } from "../../src/node/runtime.ts";
import { runPmd } from "../../src/pmd/main.ts";
import { type SimProcess, SimWorld } from "../../src/sim/mod.ts";
import type { Platform } from "../../src/transport/platform.ts";
import type { Terminal } from "../../src/transport/terminal.ts";

/** Standard streams that a test has at its other end. */
export class FakeTerminal implements Terminal {
  readonly isOutTerminal: boolean;
  readonly isErrorTerminal: boolean;
  readonly isInTerminal: boolean;
  readonly columnCount: number | undefined;
  readonly #input: Uint8Array;
  #handlers: (() => void)[] = [];

  /** Pipes, unless there are `columns`: then a terminal. */
  constructor(options: { columns?: number; input?: string | Uint8Array } = {}) {
    const { columns, input = "" } = options;
    const isTerminal = columns !== undefined;
    this.isOutTerminal = isTerminal;
    this.isErrorTerminal = isTerminal;
    this.isInTerminal = isTerminal;
    this.columnCount = columns;
    this.#input = typeof input === "string"
      ? new TextEncoder().encode(input)
      : input;
  }

  get handlerCount(): number {
    return this.#handlers.length;
  }

  /** Nobody reads standard output any more. */
  closeOut(): void {
    for (const handler of this.#handlers) handler();
  }

  onOutClosed(handler: () => void): () => void {
    this.#handlers.push(handler);
    return () => {
      this.#handlers = this.#handlers.filter((other) => other !== handler);
    };
  }

  readIn(byteCountMax: number): Promise<Uint8Array> {
    return this.#input.length > byteCountMax
      ? Promise.reject(new RangeError("too much"))
      : Promise.resolve(this.#input);
  }
}

/** What a command printed, and how it ended. */
export interface Ending {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Options for {@linkcode CliWorld.begin}. */
export interface CommandOptions {
  readonly terminal?: FakeTerminal;
  readonly env?: Record<string, string>;
  readonly hostname?: string;
  readonly canSpawn?: boolean;
  /** Whether it gives up on what it has begun, and leaves that to its end. */
  readonly givesUp?: boolean;
}

/** A command that runs. */
export interface RunningCommand {
  readonly process: SimProcess;
  readonly terminal: FakeTerminal;
  readonly ended: Promise<Ending>;
}

/** A simulated machine with a PMD, nodes, and somebody at its shell. */
export class CliWorld {
  readonly world: SimWorld = new SimWorld({
    seed: 1,
    programs: {
      pmd: (platform: Platform) => runPmd(platform, silentLogger),
    },
  });

  /** Starts the PMD as its own process. */
  async startPmd(args: readonly string[] = []): Promise<SimProcess> {
    const pmd = this.world.process({ program: "pmd", args, name: "pmd" });
    await this.world.until(() => pmd.output.length > 0);
    return pmd;
  }

  /** Starts a node whose id and port are known. */
  async startNode(
    options: NodeOptions,
    processOptions: { runtime?: string; hostname?: string } = {},
  ): Promise<{ node: NodeRuntime; process: SimProcess }> {
    const process = this.world.process(processOptions);
    const node = await this.world.until(NodeRuntime.start({
      logger: silentLogger,
      incarnation: 1,
      pmd: { mode: "external" },
      ...options,
      platform: process.platform,
    }));
    return { node, process };
  }

  /** Starts a command; what it leaves behind when it ends fails the test. */
  begin(
    args: readonly string[] | string,
    options: CommandOptions = {},
  ): RunningCommand {
    const {
      terminal = new FakeTerminal(),
      givesUp = false,
      ...processOptions
    } = options;
    const process = this.world.process({
      args: typeof args === "string" ? args.split(" ") : args,
      name: "distflow",
      ...processOptions,
    });
    const ended = runCommandLine(process.platform, terminal).then((code) => {
      if (!givesUp) {
        assertEquals(process.pendingTimers, 0, "timers");
        assertEquals(process.pendingOperations, 0, "operations");
        assertEquals(process.openConnections, 0, "connections");
        assertEquals(process.openListeners, 0, "listeners");
      }
      assertEquals(terminal.handlerCount, 0, "handlers");
      process.crash();
      return {
        code,
        out: textOf(process.output),
        error: textOf(process.errorOutput),
      };
    });
    return { process, terminal, ended };
  }

  /** Runs a command to its end. */
  run(
    args: readonly string[] | string,
    options: CommandOptions = {},
  ): Promise<Ending> {
    return this.world.until(this.begin(args, options).ended);
  }
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

/**
 * Checks `text` against a file of `tests/fixtures/cli/`; writes the file
 * instead if the environment variable `UPDATE_GOLDEN` is set.
 */
export function assertGolden(name: string, text: string): void {
  const folder = fileURLToPath(new URL("../fixtures/cli", import.meta.url));
  const path = `${folder}/${name}.txt`;
  if ((process.env.UPDATE_GOLDEN ?? "") !== "") {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, text);
  }
  const golden = readFileSync(path, "utf8").replaceAll("\r\n", "\n");
  assertEquals(text, golden, `${name}.txt`);
}

/** A session at a shell as text: commands, outputs, and exit codes. */
export class Transcript {
  #text = "";

  /** Adds a command and what came of it. */
  add(args: string, { code, out, error }: Ending): void {
    const errors = error.replace(/^/gm, "stderr: ").replace(/stderr: $/, "");
    this.#text += `$ distflow ${args}\n${out}${errors}exit ${code}\n\n`;
  }

  toString(): string {
    return this.#text;
  }
}
