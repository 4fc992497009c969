import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";

/**
 * A TCP connection that says whatever a test wants, with a framing of its own:
 * written from PROTOCOL.md, not from the code that it tests.
 */
export class RawSocket {
  /** The values in the frames that came, in order. */
  readonly values: unknown[] = [];
  /** Resolves once both sides have ended, or the connection broke. */
  readonly ended: Promise<void>;
  /** Whether it broke, instead of ending. */
  isBroken = false;
  /** Whether the other side has ended. */
  hasPeerEnded = false;
  readonly #socket: Socket;
  #kept: Buffer = Buffer.alloc(0);
  #onChange: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.ended = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => this.isBroken = true);
    socket.on("data", (bytes: Buffer) => this.#push(bytes));
    socket.on("end", () => this.hasPeerEnded = true);
    socket.on("close", () => this.#onChange());
  }

  /** Opens a connection to a port of this machine. */
  static open(
    port: number,
    options: { allowHalfOpen?: boolean } = {},
  ): Promise<RawSocket> {
    const { allowHalfOpen = false } = options;
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port, allowHalfOpen });
      socket.setNoDelay(true);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new RawSocket(socket));
      });
    });
  }

  /** The value in the frame that came last. */
  get last(): unknown {
    return this.values.at(-1);
  }

  /** The code of the close frame that came last; undefined if none did. */
  get closeCode(): unknown {
    const { last } = this;
    const isClose = typeof last === "object" && last !== null &&
      "type" in last && last.type === "close" && "code" in last;
    return isClose ? last.code : undefined;
  }

  /** Sends bytes as they are. */
  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Sends a frame for each value. */
  say(...values: readonly unknown[]): void {
    this.send(Buffer.concat(values.map((value) => frame(value))));
  }

  /** Ends this side. */
  end(): void {
    this.#socket.end();
  }

  /** Stops reading, as a slow or frozen program does. */
  pause(): void {
    this.#socket.pause();
  }

  /** Reads on. */
  resume(): void {
    this.#socket.resume();
  }

  /** Breaks the connection. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Resolves when `count` frames have come; fails if it ends before. */
  async receive(count: number): Promise<unknown[]> {
    while (this.values.length < count) {
      if (this.#socket.destroyed) {
        throw new Error(`It ended with ${JSON.stringify(this.values)}`);
      }
      await new Promise<void>((resolve) => this.#onChange = resolve);
    }
    return this.values;
  }

  #push(bytes: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, bytes]);
    while (this.#kept.length >= 4) {
      const end = 4 + this.#kept.readUInt32BE(0);
      if (this.#kept.length < end) break;
      this.values.push(JSON.parse(this.#kept.toString("utf8", 4, end)));
      this.#kept = this.#kept.subarray(end);
    }
    this.#onChange();
  }
}

/** A frame with the JSON of `value`. */
export function frame(value: unknown): Buffer {
  return textFrame(JSON.stringify(value));
}

/** A frame with `text`, whatever that is. */
export function textFrame(text: string): Buffer {
  const body = Buffer.from(text, "utf8");
  return Buffer.concat([header(body.length), body]);
}

/** The header of a frame that claims to be so long. */
export function header(byteCount: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(byteCount);
  return bytes;
}
