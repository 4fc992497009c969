import process from "node:process";
import { messageOf } from "../base/errors.ts";
import type {
  EndSignal,
  ProcessControl,
  SpawnRequest,
} from "../transport/platform.ts";
import { denoApi } from "./deno_api.ts";
import { spawnWithDeno, spawnWithNode } from "./spawn.ts";

/** The process that this code runs in, on Deno or Node.js. */
export class SystemProcess implements ProcessControl {
  readonly pid: number;
  readonly runtime: string;
  readonly shared: Map<string, unknown> = new Map();
  readonly args: readonly string[];
  readonly #guarded: WeakSet<NodeJS.WriteStream> = new WeakSet();
  readonly #broken: WeakSet<NodeJS.WriteStream> = new WeakSet();
  /** Why standard output did not take what was written. */
  #lost: Error | undefined;

  constructor() {
    const deno = denoApi();
    this.pid = deno?.pid ?? process.pid;
    this.runtime = deno === undefined
      ? `node/${process.versions.node}`
      : `deno/${deno.version.deno}`;
    this.args = deno?.args ?? process.argv.slice(2);
  }

  spawn(request: SpawnRequest): Promise<string> {
    const deno = denoApi();
    return deno === undefined
      ? spawnWithNode(request)
      : spawnWithDeno(deno, request);
  }

  onSignal(
    signals: readonly EndSignal[],
    handler: (signal: EndSignal) => void,
  ): () => void {
    const listeners = signals.map((signal) => {
      const listener = (): void => handler(signal);
      process.on(signal, listener);
      return () => process.off(signal, listener);
    });
    return () => {
      for (const remove of listeners) remove();
    };
  }

  exit(code: number): void {
    process.exitCode = code;
    // Output to a pipe is asynchronous on Node.js: let it drain first, and let
    // the streams tell whether it was lost.
    let waiting = 2;
    const done = (): void => {
      if (--waiting === 0) setImmediate(() => this.#end(code));
    };
    for (const stream of [process.stdout, process.stderr]) {
      if (this.#broken.has(stream)) done();
      else stream.write("", done);
    }
  }

  #end(code: number): void {
    const isLost = code === 0 && this.#lost !== undefined;
    if (isLost) {
      this.writeError(`Cannot write the output: ${messageOf(this.#lost)}\n`);
    }
    process.exit(isLost ? 1 : code);
  }

  env(name: string): string | undefined {
    const deno = denoApi();
    if (
      deno !== undefined &&
      deno.permissions.querySync({ name: "env", variable: name }).state !==
        "granted"
    ) return undefined;
    return process.env[name];
  }

  writeOut(text: string): void {
    this.#write(process.stdout, text);
  }

  writeError(text: string): void {
    this.#write(process.stderr, text);
  }

  #write(stream: NodeJS.WriteStream, text: string): void {
    if (!this.#guarded.has(stream)) {
      this.#guarded.add(stream);
      stream.on("error", (error) => this.#onBroken(stream, error));
    }
    try {
      stream.write(text);
    } catch (error) {
      // Deno throws where Node.js tells later.
      stream.emit("error", error);
    }
  }

  /** Whoever read our output may be gone; a full disk is a failure. */
  #onBroken(stream: NodeJS.WriteStream, error: NodeJS.ErrnoException): void {
    this.#broken.add(stream);
    const isGone = error.code === "EPIPE" || error.name === "BrokenPipe";
    if (stream === process.stdout && !isGone) this.#lost ??= error;
  }
}
