import { listen, openSocket, type RawSocket } from "./bare_socket.ts";
import type { Message, Peer, PeerOptions } from "./system.ts";

/** Beyond this, what is queued is written within the turn. */
const FLUSH_UNITS = 64 * 1024;
/** Memory that texts are encoded into, to be written with one call. */
const BUFFER_BYTES = 4 * FLUSH_UNITS;
const HEADER_BYTES = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The least that sends JSON over TCP: no names, no mailbox, no limits, nothing
 * checked; frames as the library's, and one write a turn of the event loop.
 */
export async function openBare(
  { self, port, onMessage }: PeerOptions,
  joins: boolean,
): Promise<Peer> {
  const links = new Map<number, Promise<Outbound>>();
  const open = new Map<number, Outbound>();
  const closeListener = await listen(port + self, () => {
    const inbound = new Inbound(onMessage);
    return (bytes) => inbound.push(bytes);
  });
  const dial = async (to: number): Promise<Outbound> => {
    const socket = await openSocket(port + to);
    const outbound = new Outbound(socket, joins);
    open.set(to, outbound);
    return outbound;
  };
  return {
    send(to, message) {
      const outbound = open.get(to);
      if (outbound !== undefined) return outbound.send(message);
      const dialing = links.get(to) ?? dial(to);
      links.set(to, dialing);
      return dialing.then((link) => link.send(message));
    },
    async close() {
      for (const outbound of open.values()) await outbound.end();
      await closeListener();
    },
  };
}

/** Cuts frames out of what arrives, and parses them. */
class Inbound {
  readonly #onMessage: (message: Message) => void;
  #kept = new Uint8Array(0);

  constructor(onMessage: (message: Message) => void) {
    this.#onMessage = onMessage;
  }

  push(bytes: Uint8Array): void {
    let rest = bytes;
    if (this.#kept.length > 0) {
      rest = new Uint8Array(this.#kept.length + bytes.length);
      rest.set(this.#kept);
      rest.set(bytes, this.#kept.length);
    }
    let start = 0;
    while (rest.length - start >= HEADER_BYTES) {
      const end = start + HEADER_BYTES + readLength(rest, start);
      if (end > rest.length) break;
      this.#take(rest.subarray(start + HEADER_BYTES, end));
      start = end;
    }
    this.#kept = rest.slice(start);
  }

  #take(body: Uint8Array): void {
    const value: Message | Message[] = JSON.parse(decoder.decode(body));
    if (!Array.isArray(value)) return this.#onMessage(value);
    for (const message of value) this.#onMessage(message);
  }
}

function readLength(bytes: Uint8Array, start: number): number {
  return ((bytes[start] ?? 0) << 24 | (bytes[start + 1] ?? 0) << 16 |
    (bytes[start + 2] ?? 0) << 8 | (bytes[start + 3] ?? 0)) >>> 0;
}

/** Collects the messages of a turn, and writes them at its end. */
class Outbound {
  readonly #socket: RawSocket;
  readonly #joins: boolean;
  #texts: string[] = [];
  #units = 0;
  #isPlanned = false;
  #buffer = new Uint8Array(BUFFER_BYTES);
  #start = 0;

  constructor(socket: RawSocket, joins: boolean) {
    this.#socket = socket;
    this.#joins = joins;
  }

  send(message: Message): Promise<void> | void {
    const text = JSON.stringify(message);
    this.#texts.push(text);
    this.#units += text.length;
    if (this.#units >= FLUSH_UNITS) this.#flush();
    else if (!this.#isPlanned) {
      this.#isPlanned = true;
      setImmediate(() => {
        this.#isPlanned = false;
        this.#flush();
      });
    }
    return this.#socket.whenWritable();
  }

  async end(): Promise<void> {
    this.#flush();
    await this.#socket.end();
  }

  #flush(): void {
    if (this.#texts.length === 0) return;
    const texts = this.#joins ? [`[${this.#texts.join(",")}]`] : this.#texts;
    this.#texts = [];
    this.#units = 0;
    let end = this.#start;
    for (const text of texts) {
      const byteCount = HEADER_BYTES + text.length * 3;
      if (end + byteCount > this.#buffer.length) {
        if (end > this.#start) {
          this.#socket.write(this.#buffer.subarray(this.#start, end));
        }
        this.#buffer = new Uint8Array(Math.max(BUFFER_BYTES, byteCount));
        this.#start = end = 0;
      }
      const body = this.#buffer.subarray(end + HEADER_BYTES);
      const { written } = encoder.encodeInto(text, body);
      new DataView(this.#buffer.buffer).setUint32(end, written);
      end += HEADER_BYTES + written;
    }
    this.#socket.write(this.#buffer.subarray(this.#start, end));
    this.#start = end;
  }
}
