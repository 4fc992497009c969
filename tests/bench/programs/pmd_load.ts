// Asks a PMD, or what it is compared with, and says how many requests a second
// were answered. Told on its command line: kind, port, count.
import { Buffer } from "node:buffer";
import { connect } from "node:net";
import process from "node:process";
import { currentPlatform } from "../../../src/platform/mod.ts";
import { PmdClient } from "../../../src/pmd/client.ts";
import { FrameDecoder, FrameWriter } from "../../../src/wire/frame.ts";
import { dial } from "../systems/bare_duplex.ts";

const { kind, port, count }: { kind: string; port: number; count: number } =
  JSON.parse(process.argv[2] ?? "");
const IN_FLIGHT = 64;
const AGENT = { host: "127.0.0.1", port: 1, incarnation: 1, pid: 1 };

const platform = currentPlatform();

function open(): Promise<PmdClient> {
  const address = { hostname: "127.0.0.1", port };
  return PmdClient.connect({ address, platform, timeoutMs: 10_000 });
}

function expect(isRight: boolean): void {
  if (!isRight) throw new Error(`A wrong answer to ${kind}`);
}

/** Does `work` again and again, many at a time. */
async function many(work: () => Promise<void>): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

/** Sends requests, so many at a time, over one bare connection. */
function exchange(total: number, inFlight: number): Promise<void> {
  return new Promise((resolve, reject) => {
    dial(port, (end) => {
      const writer = new FrameWriter(16 * 1024);
      let sent = 0;
      let received = 0;
      const request = (): void => {
        if (sent >= total) return;
        sent++;
        const name = "worker";
        writer.add(JSON.stringify({ id: sent, type: "resolve", name }));
      };
      const decoder = new FrameDecoder(1 << 20, (text) => {
        expect(JSON.parse(text).node.alias === "worker");
        received++;
        request();
        return true;
      });
      for (let number = 0; number < inFlight; number++) request();
      end.write(writer.take());
      return (bytes) => {
        decoder.push(bytes);
        if (received === total) {
          end.close();
          resolve();
        } else if (writer.byteCount > 0) end.write(writer.take());
      };
    }).catch(reject);
  });
}

const KINDS: Record<string, () => Promise<() => Promise<void>>> = {
  async resolves() {
    const client = await open();
    return () =>
      many(async () => {
        expect((await client.resolve("worker")).nodeId === "bench");
      });
  },

  /** The same frames and JSON, on sockets and nothing else. */
  echo() {
    return Promise.resolve(() => exchange(count, IN_FLIGHT));
  },

  /** The same with a connection for each. */
  "echo-lookups"() {
    return Promise.resolve(async () => {
      for (let number = 0; number < count; number++) await exchange(1, 1);
    });
  },

  /** A connection for each question, as a program that runs once has it. */
  lookups() {
    return Promise.resolve(async () => {
      for (let number = 0; number < count; number++) {
        const client = await open();
        expect((await client.resolve("worker")).nodeId === "bench");
        // Who has the answer goes on, here and with the others.
        client.close();
      }
    });
  },

  /** The same of Erlang's epmd: PORT_PLEASE2_REQ. */
  epmd() {
    const name = Buffer.from("worker");
    const request = Buffer.concat([
      Buffer.from([0, name.length + 1, 122]),
      name,
    ]);
    const ask = (): Promise<void> =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: "127.0.0.1", port, noDelay: true });
        socket.on("connect", () => socket.write(request));
        socket.once("data", (bytes) => {
          expect(bytes[0] === 119);
          resolve();
        });
        socket.on("error", reject);
      });
    return Promise.resolve(async () => {
      for (let number = 0; number < count; number++) await ask();
    });
  },

  /** Each is a connection of its own, as each node's is. */
  registrations() {
    return Promise.resolve(async () => {
      const clients: PmdClient[] = [];
      for (let number = 0; number < count; number++) {
        const client = await open();
        clients.push(client);
        const nodeId = `node${number}`;
        await client.register({ ...AGENT, nodeId, runtime: "bench/1" });
      }
      for (const client of clients) await client.close();
    });
  },

  /** One node comes and goes, and a watcher is told of both. */
  async events() {
    const watcher = await open();
    let seen = 0;
    let done = (): void => {};
    await watcher.watch(({ type }) => {
      if (type !== "snapshot" && ++seen === count) done();
    });
    const client = await open();
    return async () => {
      const allSeen = new Promise<void>((resolve) => done = resolve);
      for (let number = 0; number < count; number += 2) {
        const node = { ...AGENT, nodeId: `node${number}`, runtime: "bench/1" };
        await client.register(node);
        await client.unregister();
      }
      await allSeen;
    };
  },
};

const prepare = KINDS[kind];
if (prepare === undefined) throw new Error(`There is no kind ${kind}`);
const work = await prepare();
const startedAt = performance.now();
await work();
const rate = count / (performance.now() - startedAt) * 1000;
process.stdout.write(`rate ${rate}\n`);
process.exit(0);
