import { assert } from "@std/assert";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { type Outcome, Running } from "../packages/support.ts";

const MARK = "DISTFLOW_TEST_FAMILY";
const LIMIT_MS = 30_000;
const REST_MS = 3000;

/** Options for {@linkcode Family}. */
export interface FamilyOptions {
  /** The folder to run in. */
  readonly cwd?: string;
  /** Variables to set, beside those that are there. */
  readonly env?: Record<string, string>;
  /** All that still runs after this is killed, in milliseconds. */
  readonly limitMs?: number;
}

/**
 * A program with all that it starts, also what detaches itself from it: all
 * inherit a mark in their environment. Only Linux lets us look there; elsewhere
 * the program itself is all that we see.
 */
export class Family {
  readonly program: Running;
  readonly #mark = `${MARK}=${randomUUID()}`;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #command: string;
  #isLate = false;

  constructor(command: readonly string[], options: FamilyOptions = {}) {
    const { env, limitMs = LIMIT_MS, ...rest } = options;
    const [name = "", value = ""] = this.#mark.split("=");
    this.#command = command.join(" ");
    this.program = new Running(command, {
      ...rest,
      env: { ...env, [name]: value },
    });
    this.#timer = setTimeout(() => {
      this.#isLate = true;
      this.killAll();
    }, limitMs);
  }

  /** What the program said until it ended by itself. */
  async end(): Promise<Outcome & { lines: string[] }> {
    const outcome = await this.program.end();
    clearTimeout(this.#timer);
    assert(
      !this.#isLate,
      `"${this.#command}" had to be killed: ${outcome.output}`,
    );
    return { ...outcome, lines: outcome.stdout.trimEnd().split("\n") };
  }

  /** Fails if anything that the program started goes on running. */
  async leavesNothing(): Promise<void> {
    const untilMs = performance.now() + REST_MS;
    let left = this.#members();
    // What was told to end may take a moment to do so.
    while (left.length > 0 && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      left = this.#members();
    }
    const commands = left.map((pid) => readProc(pid, "cmdline"));
    assert(left.length === 0, `"${this.#command}" left ${commands.join("\n")}`);
  }

  /** Kills the program and all that it started. */
  killAll(): void {
    this.program.kill("SIGKILL");
    for (const pid of this.#members()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        // It has just ended.
        if ((error as { code?: string }).code !== "ESRCH") throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.killAll();
    await this.program.end();
    clearTimeout(this.#timer);
  }

  #members(): number[] {
    if (!existsSync("/proc/self/environ")) return [];
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) =>
        readProc(pid, "environ").split("\0").includes(this.#mark)
      );
  }
}

/** Empty for a process that has ended, or is not ours to look at. */
function readProc(pid: number, file: "environ" | "cmdline"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

/** Runs a program to its end; fails unless it succeeds and leaves nothing. */
export async function runToEnd(
  command: readonly string[],
  options: FamilyOptions = {},
): Promise<string[]> {
  await using family = new Family(command, options);
  const { code, output, lines } = await family.end();
  assert(code === 0, `"${command.join(" ")}" ended with ${code}: ${output}`);
  await family.leavesNothing();
  return lines;
}

/** Fails unless lines that match the patterns come in their order. */
export function assertInOrder(
  lines: readonly string[],
  patterns: readonly RegExp[],
): void {
  let index = 0;
  for (const pattern of patterns) {
    const found = lines.findIndex((line, at) =>
      at >= index && pattern.test(line)
    );
    assert(
      found >= 0,
      `No ${pattern} after line ${index} of:\n${lines.join("\n")}`,
    );
    index = found + 1;
  }
}
