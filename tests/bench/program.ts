import process from "node:process";
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Who has not ended by then is killed. */
const END_MS = 10_000;

/**
 * A program that takes part in a benchmark, in a process of its own: it is told
 * words on its input, and says a word and a JSON value a line on its output.
 */
export class Program implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #name: string;
  readonly #lines: string[] = [];
  #onChange: () => void = () => {};
  readonly #closed: Promise<void>;

  constructor(command: readonly string[], env: Record<string, string> = {}) {
    const [program = "", ...args] = command;
    this.#name = command.join(" ");
    this.child = spawn(program, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...env },
    });
    this.#closed = new Promise((resolve) => {
      const close = (): void => {
        resolve();
        this.#onChange();
      };
      this.child.on("error", close).on("close", close);
    });
    this.child.stdin?.on("error", () => {
      // Who does not read has ended, and is asked for its word.
    });
    const { stdout } = this.child;
    if (stdout === null) throw new Error("A program's output is a pipe");
    createInterface({ input: stdout }).on("line", (line) => {
      this.#lines.push(line);
      this.#onChange();
    });
  }

  /** The process's number. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Tells the program a word. */
  tell(word: string): void {
    this.child.stdin?.write(`${word}\n`);
  }

  /** The JSON value behind `word` in the next line that begins with it. */
  async next<Value>(word: string): Promise<Value> {
    const line = await this.line(word);
    return JSON.parse(line.slice(word.length).trim() || "null");
  }

  /** The next line that begins with `word`. */
  async line(word: string): Promise<string> {
    for (;;) {
      const index = this.#lines.findIndex((line) => line.startsWith(word));
      if (index >= 0) {
        const [line = ""] = this.#lines.splice(index, 1);
        return line;
      }
      if (this.#hasEnded) {
        throw new Error(`It ended before it said "${word}": ${this.#name}`);
      }
      await new Promise<void>((resolve) => this.#onChange = resolve);
    }
  }

  get #hasEnded(): boolean {
    const { exitCode, signalCode, pid } = this.child;
    return exitCode !== null || signalCode !== null || pid === undefined;
  }

  /**
   * Tells the program to end, and waits for that.
   *
   * Node.js 24 may stand still for ever in `process.exit`: it waits for a
   * thread that compiles, which waits for a garbage collection (once in some
   * hundred runs, with a bare socket; 2026-11).
   */
  async end(): Promise<void> {
    this.tell("end");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), END_MS);
    await this.#closed;
    clearTimeout(timer);
  }

  /** Kills the program if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded) return;
    this.child.kill("SIGKILL");
    await this.#closed;
  }
}
