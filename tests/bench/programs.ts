import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const EXTENSION = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** A program of a benchmark in a process of its own, on the same runtime. */
export class Program {
  readonly child: ChildProcess;
  readonly #lines: string[] = [];
  #onLine: () => void = () => {};

  constructor(name: string, ...args: (string | number)[]) {
    const file = fileURLToPath(
      new URL(`./programs/${name}.${EXTENSION}`, import.meta.url),
    );
    const flags = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
    this.child = spawn(
      process.execPath,
      [...flags, file, ...args.map(String)],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const { stdout } = this.child;
    if (stdout === null) throw new Error("A program's output is a pipe");
    createInterface({ input: stdout }).on("line", (line) => {
      this.#lines.push(line);
      this.#onLine();
    });
    this.child.on("close", () => this.#onLine());
  }

  /** The next line that begins with `word`, without it. */
  async next(word: string): Promise<string> {
    for (;;) {
      const index = this.#lines.findIndex((line) => line.startsWith(word));
      if (index >= 0) {
        const [line = ""] = this.#lines.splice(index, 1);
        return line.slice(word.length).trim();
      }
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`A program ended before it said "${word}"`);
      }
      await new Promise<void>((resolve) => this.#onLine = resolve);
    }
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.on("close", resolve));
    this.child.kill("SIGKILL");
    await ended;
  }
}
