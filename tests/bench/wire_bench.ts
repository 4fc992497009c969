import { connect, createServer, type Server } from "node:net";
import { PmdServer } from "../../mod.ts";
import { currentPlatform } from "../../src/platform/mod.ts";
import { PmdClient } from "../../src/pmd/client.ts";
import type { Result } from "./measure.ts";
import { Program } from "./program.ts";
import type { Runtime } from "./runtime.ts";
import { freePorts } from "./systems/bare_socket.ts";
import { textFor } from "./peer_spec.ts";

const COUNT = 10_000;
const HEADER_BYTES = 4;
const TIMEOUT_MS = 10_000;

/** What a message takes in a TCP stream, beside its JSON text. */
export async function* wireBench(runtime: Runtime): AsyncGenerator<Result> {
  for (const size of [100, 1024, 16_384]) {
    yield {
      benchmark: "wire",
      workload: `bytes of a message whose JSON has ${size} bytes`,
      unit: "bytes",
      runtime: runtime.name,
      series: [
        { name: "distflow", values: [await bytesPerMessage(runtime, size)] },
        { name: "a JSON text a frame", values: [frameBytes(size)] },
      ],
    };
  }
}

/** The mean of what the same messages take with a header each. */
function frameBytes(size: number): number {
  let byteCount = 0;
  for (let id = 0; id < COUNT; id++) {
    const message = { from: 1, id, text: textFor(size) };
    byteCount += HEADER_BYTES + JSON.stringify(message).length;
  }
  return byteCount / COUNT;
}

/** Counts what passes a forwarder that the sender takes for the receiver. */
async function bytesPerMessage(
  runtime: Runtime,
  size: number,
): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const port = await freePorts(1);
  const common = { system: "distflow", size, count: COUNT, peerCount: 2 };
  const start = async (spec: object): Promise<Program> => {
    const words = [...runtime.command("traffic"), JSON.stringify(spec)];
    const program = stack.use(new Program(words));
    await program.next("open");
    return program;
  };
  const receiver = await start({
    ...common,
    ...{ self: 0, port, targets: [], senders: [1] },
  });
  // The sender asks a PMD of its own, which knows the forwarder's port only.
  const pmd = stack.use(await PmdServer.start({ port: 0 }));
  const counter = await Counter.start(stack, port, pmd.address.port);
  const sender = await start({
    ...common,
    ...{ self: 1, port: pmd.address.port, targets: [0], senders: [] },
  });
  for (const peer of [sender, receiver]) peer.tell("meet");
  await receiver.next("met");
  const before = counter.byteCount;
  sender.tell("go");
  await receiver.next("received");
  const byteCount = counter.byteCount - before;
  for (const peer of [sender, receiver]) await peer.end();
  return byteCount / COUNT;
}

class Counter {
  byteCount = 0;
  readonly #server: Server;

  private constructor(target: number) {
    this.#server = createServer((socket) => {
      const onward = connect(target, "127.0.0.1");
      socket.on("data", (bytes) => this.byteCount += bytes.length);
      socket.pipe(onward).pipe(socket);
      for (const end of [socket, onward]) {
        end.on("error", () => {
          socket.destroy();
          onward.destroy();
        });
      }
    });
  }

  /** Registers a forwarder under the name of the node that it leads to. */
  static async start(
    stack: AsyncDisposableStack,
    fromPmd: number,
    toPmd: number,
  ): Promise<Counter> {
    const open = async (port: number): Promise<PmdClient> =>
      stack.use(
        await PmdClient.open({
          address: { hostname: "127.0.0.1", port },
          platform: currentPlatform(),
          timeoutMs: TIMEOUT_MS,
        }),
      );
    const node = await (await open(fromPmd)).resolve("peer0");
    const counter = new Counter(node.port);
    const server = counter.#server;
    stack.defer(() => void server.close());
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", resolve)
    );
    const address = server.address();
    if (typeof address !== "object" || address === null) {
      throw new Error("A TCP server has a port");
    }
    await (await open(toPmd)).register({ ...node, port: address.port });
    return counter;
  }
}
