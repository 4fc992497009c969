/**
 * What distflow uses of Deno, written down so that the same source also
 * compiles where the types of Deno do not exist.
 */
export interface DenoApi {
  readonly pid: number;
  readonly version: { readonly deno: string };
  readonly build: { readonly standalone: boolean };
  readonly args: readonly string[];
  readonly env: { get(name: string): string | undefined };
  readonly stdin: {
    readonly readable: ReadableStream<Uint8Array>;
    isTerminal(): boolean;
  };
  readonly stdout: DenoOutput;
  readonly stderr: DenoOutput;
  readonly permissions: {
    querySync(
      descriptor:
        | { name: "run"; command?: string }
        | { name: "env"; variable: string }
        | { name: "net"; host: string },
    ): { readonly state: "granted" | "prompt" | "denied" };
  };
  readonly Command: new (
    command: string,
    options: {
      args: string[];
      stdin: "null";
      stdout: "piped";
      stderr: "piped";
      detached: boolean;
    },
  ) => { spawn(): DenoChild };
  addSignalListener(signal: string, listener: () => void): void;
  removeSignalListener(signal: string, listener: () => void): void;
  consoleSize(): { readonly columns: number };
  exit(code: number): void;
  execPath(): string;
  statSync(path: URL): unknown;
  listen(options: DenoAddress): DenoListener;
  connect(
    options: DenoAddress & { readonly signal: AbortSignal },
  ): Promise<DenoConn>;
}

/** A standard stream that is written to. */
export interface DenoOutput {
  isTerminal(): boolean;
  writeSync(bytes: Uint8Array): number;
}

/** A hostname and a port. */
export interface DenoAddress {
  readonly hostname: string;
  readonly port: number;
}

/** A child process. */
export interface DenoChild {
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  readonly status: Promise<{ readonly code: number }>;
  unref(): void;
  kill(signal: "SIGKILL"): void;
}

/** An open port. */
export interface DenoListener {
  readonly addr: DenoAddress;
  accept(): Promise<DenoConn>;
  close(): void;
}

/** A TCP connection. */
export interface DenoConn {
  readonly localAddr: DenoAddress;
  readonly remoteAddr: DenoAddress;
  read(buffer: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  setNoDelay(noDelay: boolean): void;
}

/**
 * Deno's API where this code runs on Deno; undefined on Node.js, also where a
 * shim puts parts of it there.
 */
export function denoApi(): DenoApi | undefined {
  const api = (globalThis as { readonly Deno?: Partial<DenoApi> }).Deno;
  return api?.version === undefined ? undefined : api as DenoApi;
}
