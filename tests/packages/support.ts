import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import process from "node:process";

/** What a program said, and how it ended. */
export interface Outcome {
  readonly code: number | null;
  /** Standard output and standard error. */
  readonly output: string;
  /** Standard output alone. */
  readonly stdout: string;
}

/** A running program and all that it has said so far. */
export class Running {
  readonly child: ChildProcess;
  output = "";
  #stdout = "";
  #onChange: () => void = () => {};
  readonly #closed: Promise<void>;

  constructor(
    command: readonly string[],
    options: { cwd?: string; env?: Record<string, string> } = {},
  ) {
    const [program = "", ...args] = command;
    this.child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: "1", ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#closed = new Promise((resolve) =>
      this.child.on("close", () => {
        resolve();
        this.#onChange();
      })
    );
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (bytes) => {
        this.output += String(bytes);
        if (stream === this.child.stdout) this.#stdout += String(bytes);
        this.#onChange();
      });
    }
  }

  /** Resolves when the program has said `text`; fails if it ends before. */
  async says(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (this.child.exitCode !== null) {
        throw new Error(`It ended without "${text}": ${this.output}`);
      }
      await new Promise<void>((resolve) => this.#onChange = resolve);
    }
  }

  /** Resolves when what the program has said matches `pattern`. */
  async matches(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.output)) {
      if (this.child.exitCode !== null) {
        throw new Error(`It ended without ${pattern}: ${this.output}`);
      }
      await new Promise<void>((resolve) => this.#onChange = resolve);
    }
  }

  /** Resolves when the program has ended. */
  async end(): Promise<Outcome> {
    await this.#closed;
    return {
      code: this.child.exitCode,
      output: this.output,
      stdout: this.#stdout,
    };
  }

  /** Sends a signal, also to a program that was sent another one before. */
  kill(signal: "SIGKILL" | "SIGSTOP" | "SIGTERM"): void {
    const { exitCode, pid } = this.child;
    if (exitCode !== null || pid === undefined) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      // It has just ended.
      if ((error as { code?: string }).code !== "ESRCH") throw error;
    }
  }

  /** Ends the program by force, if it runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.end();
  }
}

/** Runs a program to its end; fails unless it succeeds. Gives its output. */
export async function succeed(
  command: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const { code, output, stdout } = await new Running(command, options).end();
  if (code !== 0) {
    throw new Error(`"${command.join(" ")}" ended with ${code}: ${output}`);
  }
  return stdout;
}

/** A port that is free at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
