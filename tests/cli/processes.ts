import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { currentPlatform } from "../../src/platform/mod.ts";
import { PmdClient } from "../../src/pmd/client.ts";
import type { NodeRecord } from "../../src/wire/pmd_messages.ts";
import { Running } from "../packages/support.ts";
import { scriptCommand } from "../support/script.ts";
import type { Ending } from "./support.ts";

/** Options for {@linkcode runProgram}. */
export interface ProgramOptions {
  /** What it reads; nothing if left out. */
  readonly input?: string;
  /** Variables of its environment; the tests' own NO_COLOR is not one. */
  readonly env?: Record<string, string>;
}

/** The command line of `distflow` as a real process of this runtime. */
export function cliCommand(...args: (string | number)[]): string[] {
  return scriptCommand("cli.ts", ...args);
}

/** Runs `distflow` with `args`, split at spaces if they are one text. */
export function runCli(
  args: string | readonly string[],
  options?: ProgramOptions,
): Promise<Ending> {
  const words = typeof args === "string" ? args.split(" ") : args;
  return runProgram(cliCommand(...words), options);
}

/** Runs a program to its end. */
export async function runProgram(
  [program = "", ...args]: readonly string[],
  { input = "", env = {} }: ProgramOptions = {},
): Promise<Ending> {
  const child = spawn(program, args, {
    env: { ...process.env, NO_COLOR: "", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // It may end before it has read everything.
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const text = { out: "", error: "" };
  child.stdout.on("data", (bytes) => text.out += String(bytes));
  child.stderr.on("data", (bytes) => text.error += String(bytes));
  const code = await closed(child);
  return { code, ...text };
}

function closed(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? -1));
  });
}

/** A command as a shell reads it. */
export function shellLine(command: readonly string[]): string {
  return command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

/** A PMD that runs as a process of its own, on a port that was free. */
export class RealPmd implements AsyncDisposable {
  readonly running: Running;
  readonly port: number;
  readonly #clients: PmdClient[] = [];

  private constructor(running: Running, port: number) {
    this.running = running;
    this.port = port;
  }

  static async start(...args: string[]): Promise<RealPmd> {
    const command = scriptCommand("pmd.ts", "--port", 0, ...args);
    const running = new Running(command);
    await running.matches(/ready on \S+:\d+ .*\n/);
    const port = /ready on \S+:(\d+)/.exec(running.output)?.[1];
    return new RealPmd(running, Number(port));
  }

  /** Connects to it; it is closed with the PMD, if not before. */
  async client(): Promise<PmdClient> {
    const client = await PmdClient.open({
      address: { hostname: "127.0.0.1", port: this.port },
      platform: currentPlatform(),
      timeoutMs: 5000,
    });
    this.#clients.push(client);
    return client;
  }

  /** Registers a node that nobody can reach. */
  async register(node: Partial<NodeRecord> = {}): Promise<PmdClient> {
    const client = await this.client();
    await client.register({
      nodeId: `node-${this.#clients.length}`,
      host: "127.0.0.1",
      port: 65_000,
      incarnation: 1,
      pid: 12_345,
      runtime: "test/1.0.0",
      ...node,
    });
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    await this.running[Symbol.asyncDispose]();
  }
}
