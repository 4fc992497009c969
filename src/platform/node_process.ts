import { messageOf } from "../base/errors.ts";
import type {
  EndSignal,
  ProcessControl,
  SpawnRequest,
} from "../transport/platform.ts";
import type { Terminal } from "../transport/terminal.ts";
import { nodeProcess } from "./builtins.ts";
import { collectBytes } from "./input.ts";
import { spawnWithNode } from "./spawn_node.ts";

/** The process that this code runs in, and its streams, on Node.js. */
export class NodeProcess implements ProcessControl, Terminal {
  readonly pid: number;
  readonly runtime: string;
  readonly shared: Map<string, unknown> = new Map();
  readonly args: readonly string[];
  readonly #process = nodeProcess();
  readonly #guarded: WeakSet<NodeJS.WriteStream> = new WeakSet();
  readonly #broken: WeakSet<NodeJS.WriteStream> = new WeakSet();
  /** Why standard output did not take what was written. */
  #lost: Error | undefined;

  constructor() {
    const { pid, versions, argv } = this.#process;
    this.pid = pid;
    this.runtime = `node/${versions.node}`;
    this.args = argv.slice(2);
  }

  spawn(request: SpawnRequest): Promise<string> {
    return spawnWithNode(request);
  }

  onSignal(
    signals: readonly EndSignal[],
    handler: (signal: EndSignal) => void,
  ): () => void {
    const listeners = signals.map((signal) => {
      const listener = (): void => handler(signal);
      this.#process.on(signal, listener);
      return () => this.#process.off(signal, listener);
    });
    return () => {
      for (const remove of listeners) remove();
    };
  }

  exit(code: number): void {
    this.#process.exitCode = code;
    // Output to a pipe is asynchronous: let it drain first, and let the streams
    // tell whether it was lost.
    let waiting = 2;
    const done = (): void => {
      if (--waiting === 0) setImmediate(() => this.#end(code));
    };
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (this.#broken.has(stream)) done();
      else stream.write("", done);
    }
  }

  #end(code: number): void {
    const isLost = code === 0 && this.#lost !== undefined;
    if (isLost) {
      this.writeError(`Cannot write the output: ${messageOf(this.#lost)}\n`);
    }
    this.#process.exit(isLost ? 1 : code);
  }

  env(name: string): string | undefined {
    return this.#process.env[name];
  }

  writeOut(text: string): void {
    this.#write(this.#process.stdout, text);
  }

  writeError(text: string): void {
    this.#write(this.#process.stderr, text);
  }

  #write(stream: NodeJS.WriteStream, text: string): void {
    if (!this.#guarded.has(stream)) {
      this.#guarded.add(stream);
      stream.on("error", (error) => this.#onBroken(stream, error));
    }
    stream.write(text);
  }

  /** Whoever read our output may be gone; a full disk is a failure. */
  #onBroken(stream: NodeJS.WriteStream, error: NodeJS.ErrnoException): void {
    this.#broken.add(stream);
    const isGone = error.code === "EPIPE";
    if (stream === this.#process.stdout && !isGone) this.#lost ??= error;
  }

  get isOutTerminal(): boolean {
    return this.#process.stdout.isTTY === true;
  }

  get isErrorTerminal(): boolean {
    return this.#process.stderr.isTTY === true;
  }

  get isInTerminal(): boolean {
    return this.#process.stdin.isTTY === true;
  }

  get columnCount(): number | undefined {
    const { columns } = this.#process.stdout;
    // A terminal that was never given a size has no columns.
    return this.isOutTerminal && columns > 0 ? columns : undefined;
  }

  onOutClosed(handler: () => void): () => void {
    const { stdout } = this.#process;
    const told = (): void => {
      remove();
      handler();
    };
    const remove = (): void => {
      stdout.off("error", told);
      stdout.off("close", told);
    };
    stdout.on("error", told);
    stdout.on("close", told);
    return remove;
  }

  readIn(byteCountMax: number): Promise<Uint8Array> {
    return collectBytes(this.#process.stdin, byteCountMax);
  }
}
