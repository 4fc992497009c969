// Starts a node; says how long it took, and when others come and go, in
// milliseconds since 1970. Told on its input: end.
import process from "node:process";

const { pmdPort, alias }: { pmdPort: number; alias: string } = JSON.parse(
  process.argv[2] ?? "",
);
const { NodeRuntime } = await import("../../../mod.ts");

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function say(word: string, value: unknown): void {
  process.stdout.write(`${word} ${JSON.stringify(value)}\n`);
}

const startedAt = performance.now();
const node = await NodeRuntime.start({ alias, pmd: { port: pmdPort } });
const endedAt = nowMs();
say("took", performance.now() - startedAt);
say("started", endedAt);
node.on("peer:join", () => say("join", nowMs()));
node.on("peer:leave", () => say("leave", nowMs()));
process.stdin.on("data", async () => {
  await node.shutdown();
  process.exit(0);
});
