// A process that does nothing but be there: a bare listening one, or a node.
// Told on its input: rss (garbage is collected first), dial FROM COUNT (sends
// one message to each of so many fakes, by number), end.
import process from "node:process";
import { createInterface } from "node:readline";
import { listen } from "../systems/bare_socket.ts";

const { kind, pmdPort } = JSON.parse(process.argv[2] ?? "");
const { gc = () => {} } = globalThis as { gc?: () => void };

function say(word: string, value: unknown = ""): void {
  process.stdout.write(`${word} ${JSON.stringify(value)}\n`);
}

async function openNode(port: number) {
  const { NodeRuntime } = await import("../../../mod.ts");
  return await NodeRuntime.start({
    alias: "idle",
    pmd: { port, mode: "external" },
    linkIdleMs: 0,
  });
}

const node = kind === "node" ? await openNode(pmdPort) : undefined;
if (node === undefined) await listen(0, () => () => {});
say("open", node?.address.port);

for await (const line of createInterface({ input: process.stdin })) {
  const [word, from, count] = line.split(" ");
  if (word === "rss") {
    // What a first pass frees outside of the heap, a second one finds.
    for (let pass = 0; pass < 3; pass++) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    say("rss", process.memoryUsage().rss);
  } else if (word === "dial") {
    for (let number = 0; number < Number(count); number++) {
      await node?.send(`fake${Number(from) + number}`, "hello");
    }
    say("dialed");
  } else if (word === "end") {
    await node?.shutdown();
    process.exit(0);
  }
}
