import process from "node:process";
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
    // Output to a pipe is asynchronous on Node.js: let it drain first.
    let waiting = 2;
    const done = (): void => {
      if (--waiting === 0) process.exit(code);
    };
    process.stdout.write("", done);
    process.stderr.write("", done);
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
    write(process.stdout, text);
  }

  writeError(text: string): void {
    write(process.stderr, text);
  }
}

/** Whoever read our output may be gone: that is no failure of this program. */
function write(stream: NodeJS.WriteStream, text: string): void {
  if (stream.listenerCount("error") === 0) stream.on("error", () => {});
  stream.write(text);
}
