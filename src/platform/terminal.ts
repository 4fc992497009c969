import process from "node:process";
import type { Terminal } from "../transport/terminal.ts";

/** The standard streams of this process, on Deno or Node.js. */
class SystemTerminal implements Terminal {
  get isOutTerminal(): boolean {
    return process.stdout.isTTY === true;
  }

  get isErrorTerminal(): boolean {
    return process.stderr.isTTY === true;
  }

  get isInTerminal(): boolean {
    return process.stdin.isTTY === true;
  }

  get columnCount(): number | undefined {
    const { columns } = process.stdout;
    // A terminal that was never given a size has no columns.
    return this.isOutTerminal && columns > 0 ? columns : undefined;
  }

  onOutClosed(handler: () => void): () => void {
    const { stdout } = process;
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

  async readIn(byteCountMax: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let byteCount = 0;
    for await (const chunk of process.stdin) {
      byteCount += chunk.length;
      if (byteCount > byteCountMax) {
        throw new RangeError(
          `Cannot read standard input: it has more than ${byteCountMax} bytes`,
        );
      }
      chunks.push(chunk);
    }
    const bytes = new Uint8Array(byteCount);
    let start = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, start);
      start += chunk.length;
    }
    return bytes;
  }
}

const terminal: Terminal = new SystemTerminal();

/** The standard streams of this process. */
export function currentTerminal(): Terminal {
  return terminal;
}
