import { NodeRuntime } from "@distflow/core";

const node = await NodeRuntime.start({
  alias: "server",
  pmd: { port: Number(process.argv[2]) },
});
node.onMessage((message, meta) => node.send(meta.from, { echo: message }));
node.on("peer:leave", () => node.shutdown());
console.log("server is up");
