import { messageOf } from "../base/errors.ts";
import type {
  EndSignal,
  ProcessControl,
  SpawnRequest,
} from "../transport/platform.ts";
import type { Terminal } from "../transport/terminal.ts";
import type { DenoApi, DenoOutput } from "./deno_api.ts";
import { collectBytes } from "./input.ts";
import { spawnWithDeno } from "./spawn_deno.ts";

/** The process that this code runs in, and its streams, on Deno. */
export class DenoProcess implements ProcessControl, Terminal {
  readonly pid: number;
  readonly runtime: string;
  readonly shared: Map<string, unknown> = new Map();
  readonly args: readonly string[];
  readonly #deno: DenoApi;
  readonly #out: Output;
  readonly #error: Output;

  /** Makes the process's control of Deno's API. */
  constructor(deno: DenoApi) {
    this.#deno = deno;
    this.pid = deno.pid;
    this.runtime = `deno/${deno.version.deno}`;
    this.args = deno.args;
    this.#out = new Output(deno.stdout);
    this.#error = new Output(deno.stderr);
  }

  spawn(request: SpawnRequest): Promise<string> {
    return spawnWithDeno(this.#deno, request);
  }

  onSignal(
    signals: readonly EndSignal[],
    handler: (signal: EndSignal) => void,
  ): () => void {
    const listeners = signals.map((signal) => {
      const listener = (): void => handler(signal);
      this.#deno.addSignalListener(signal, listener);
      return () => this.#deno.removeSignalListener(signal, listener);
    });
    return () => {
      for (const remove of listeners) remove();
    };
  }

  /** What was written has been taken already: writing waits for that. */
  exit(code: number): void {
    const { lost } = this.#out;
    const isLost = code === 0 && lost !== undefined;
    if (isLost) {
      this.writeError(`Cannot write the output: ${messageOf(lost)}\n`);
    }
    this.#deno.exit(isLost ? 1 : code);
  }

  env(name: string): string | undefined {
    const { permissions, env } = this.#deno;
    const { state } = permissions.querySync({ name: "env", variable: name });
    return state === "granted" ? env.get(name) : undefined;
  }

  writeOut(text: string): void {
    this.#out.write(text);
  }

  writeError(text: string): void {
    this.#error.write(text);
  }

  get isOutTerminal(): boolean {
    return this.#deno.stdout.isTerminal();
  }

  get isErrorTerminal(): boolean {
    return this.#deno.stderr.isTerminal();
  }

  get isInTerminal(): boolean {
    return this.#deno.stdin.isTerminal();
  }

  get columnCount(): number | undefined {
    if (!this.isOutTerminal) return undefined;
    const { columns } = this.#deno.consoleSize();
    // A terminal that was never given a size has no columns.
    return columns > 0 ? columns : undefined;
  }

  onOutClosed(handler: () => void): () => void {
    return this.#out.onClosed(handler);
  }

  readIn(byteCountMax: number): Promise<Uint8Array> {
    return collectBytes(this.#deno.stdin.readable, byteCountMax);
  }
}

const encoder = new TextEncoder();
const RETRY_MS = 1;

/** One of the standard streams that are written to. */
class Output {
  /** Why it did not take what was written, unless its reader is gone. */
  lost: unknown;
  readonly #stream: DenoOutput;
  readonly #handlers: Set<() => void> = new Set();
  #isClosed = false;

  constructor(stream: DenoOutput) {
    this.#stream = stream;
  }

  onClosed(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  write(text: string): void {
    let rest = encoder.encode(text);
    while (rest.length > 0 && !this.#isClosed) {
      try {
        rest = rest.subarray(this.#stream.writeSync(rest));
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  /** Whoever read our output may be gone; a full disk is a failure. */
  #onError(error: unknown): void {
    const name = error instanceof Error ? error.name : "";
    if (name === "WouldBlock") return pause();
    this.#isClosed = true;
    if (name !== "BrokenPipe") this.lost = error;
    for (const handler of this.#handlers) queueMicrotask(handler);
    this.#handlers.clear();
  }
}

/** The reader of a pipe that does not block will take more in a moment. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
}
