import type { DistflowError } from "../../../src/base/errors.ts";
import type { JsonRecord } from "../../../src/base/json.ts";
import { Channel, type ChannelHandler } from "../../../src/wire/channel.ts";
import { FrameDecoder, FrameWriter } from "../../../src/wire/frame.ts";
import { encodeHello, type Hello } from "../../../src/wire/hello.ts";
import { FRAME_BYTES_CAP, FRAME_BYTES_MIN } from "../../../src/wire/limits.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { MemoryConnection, settle } from "./memory_network.ts";

/** The hello of a node that only tests know. */
export const HELLO: Hello = {
  protocol: "distflow-node",
  versions: [1],
  frameBytesMax: FRAME_BYTES_MIN,
  runtime: "test/1.0.0",
  pid: 7,
  node: { nodeId: "n1", incarnation: 1, host: "127.0.0.1", port: 4000 },
  link: { id: "l1" },
};

/** Writes down what a channel tells its owner. */
export class Recorder implements ChannelHandler {
  /** One line for each call, in order. */
  readonly calls: string[] = [];
  /** All data messages, in order. */
  readonly messages: unknown[] = [];
  /** What the channel ended with; the array is empty until then. */
  readonly ends: (DistflowError | undefined)[] = [];
  /** Whether `batch` asks to hold back what is behind. */
  isFull = false;
  onHello: () => void = () => {};
  onControl: (message: JsonRecord) => void = () => {};

  /** The code that the channel ended with; "peace" without an error. */
  get end(): string | undefined {
    if (this.ends.length === 0) return undefined;
    return this.ends[0]?.code ?? "peace";
  }

  hello(hello: Hello): void {
    this.calls.push(`hello ${hello.node?.nodeId}`);
    this.onHello();
  }

  control(message: JsonRecord): void {
    this.calls.push(`control ${JSON.stringify(message)}`);
    this.onControl(message);
  }

  batch(messages: readonly unknown[]): boolean {
    this.calls.push(`batch of ${messages.length}`);
    this.messages.push(...messages);
    return !this.isFull;
  }

  drain(): void {
    this.calls.push("drain");
  }

  closing(): void {
    this.calls.push("closing");
  }

  closed(error?: DistflowError): void {
    this.calls.push(`closed ${error?.code ?? "in peace"}`);
    this.ends.push(error);
  }
}

/** What is at the other end of a channel under test: bytes, no manners. */
export class RawPeer {
  readonly connection: MemoryConnection;
  /** The text of each frame that came. */
  readonly frames: string[] = [];
  /** Whether the channel ended its side. */
  isEnded = false;
  readonly #decoder = new FrameDecoder(FRAME_BYTES_CAP, (text) => {
    this.frames.push(text);
    return true;
  });

  constructor(connection: MemoryConnection) {
    this.connection = connection;
    connection.start({
      data: (bytes) => this.#decoder.push(bytes),
      drain: () => {},
      end: () => this.isEnded = true,
      close: () => this.isEnded = true,
    });
  }

  send(...texts: string[]): void {
    this.connection.write(frames(...texts));
  }
}

/** As in a process: all channels share one. */
const writer = new FrameWriter();

/** A channel under test, and what it has to do with. */
export class ChannelWorld {
  readonly clock: ManualClock = new ManualClock();
  readonly recorder: Recorder = new Recorder();
  readonly connection: MemoryConnection;
  readonly peer: RawPeer;
  readonly channel: Channel;

  constructor(
    options: {
      dialer?: boolean;
      isEager?: boolean;
      hello?: Partial<Hello>;
      highWaterUnits?: number;
    } = {},
  ) {
    const [connection, other] = MemoryConnection.pair();
    this.connection = connection;
    this.peer = new RawPeer(other);
    this.channel = new Channel(connection, this.recorder, {
      clock: this.clock,
      writer,
      hello: { ...HELLO, ...options.hello },
      dialer: options.dialer ?? true,
      isEager: options.isEager ?? false,
      highWaterUnits: options.highWaterUnits ?? 1024 * 1024,
    });
  }

  /** A channel whose peer has said its hello, and that is open. */
  static open(
    options: ConstructorParameters<typeof ChannelWorld>[0] & {
      peerHello?: Partial<Hello>;
    } = {},
  ): ChannelWorld {
    const world = new ChannelWorld(options);
    world.peer.send(encodeHello({ ...HELLO, ...options.peerHello }));
    world.settle();
    if (options.dialer === false) {
      world.channel.accept();
      world.settle();
    }
    world.peer.frames.splice(0);
    world.recorder.calls.splice(0);
    world.connection.writeCount = 0;
    return world;
  }

  /** Lets everything happen that can. */
  settle(): void {
    settle(this.clock, this.connection, this.peer.connection);
  }

  /** Sends frames as the peer, and lets the channel see them. */
  receive(...texts: string[]): void {
    this.peer.send(...texts);
    this.settle();
  }
}

/** The bytes of frames. */
export function frames(...texts: readonly string[]): Uint8Array {
  const writer = new FrameWriter();
  for (const text of texts) writer.add(text);
  return writer.take();
}
