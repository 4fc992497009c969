import type { Buffer } from "node:buffer";
import { connect, createServer, type Server, type Socket } from "node:net";
import { currentPlatform } from "../../src/platform/mod.ts";
import { PmdClient } from "../../src/pmd/client.ts";
import { encodeHello, type NodeIdentity } from "../../src/wire/hello.ts";
import { textFrame } from "../wire/support/raw_socket.ts";

/** Nodes that say who they are, and nothing else: many in one process. */
export class Crowd implements AsyncDisposable {
  readonly #sockets: Socket[] = [];
  readonly #servers: Server[] = [];
  readonly #clients: PmdClient[] = [];

  /** Opens `count` more links to the node on a port. */
  async dial(count: number, port: number): Promise<void> {
    const first = this.#sockets.length;
    for (let number = first; number < first + count; number++) {
      const socket = connect(port, "127.0.0.1");
      this.#sockets.push(socket);
      socket.write(hello(identity(number, 1), `link${number}`));
      await new Promise((resolve, reject) =>
        socket.once("data", resolve).once("error", reject)
      );
    }
  }

  /** Listens `count` times, and registers as fake0, fake1, … with a PMD. */
  async register(count: number, pmdPort: number): Promise<void> {
    for (let number = 0; number < count; number++) {
      const server = createServer((socket) => {
        this.#sockets.push(socket);
        socket.on("error", () => socket.destroy());
        socket.once("data", () => socket.write(hello(node)));
      });
      this.#servers.push(server);
      await new Promise<void>((resolve) =>
        server.listen(0, "127.0.0.1", resolve)
      );
      const address = server.address();
      if (typeof address !== "object" || address === null) continue;
      const node = identity(number, address.port);
      const client = await PmdClient.open({
        address: { hostname: "127.0.0.1", port: pmdPort },
        platform: currentPlatform(),
        timeoutMs: 5000,
      });
      this.#clients.push(client);
      await client.register({ ...node, pid: 1, runtime: "fake/1" });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) server.close();
  }
}

function identity(number: number, port: number): NodeIdentity {
  const name = `fake${number}`;
  return { nodeId: name, alias: name, incarnation: 1, host: "127.0.0.1", port };
}

function hello(node: NodeIdentity, link?: string): Buffer {
  return textFrame(encodeHello({
    protocol: "distflow-node",
    versions: [1],
    frameBytesMax: 2 ** 20,
    runtime: "fake/1",
    pid: 1,
    node,
    ...(link === undefined ? {} : { link: { id: link } }),
  }));
}
