const { NodeRuntime } = require("@distflow/core");

async function main() {
  const node = await NodeRuntime.start({
    alias: "client",
    pmd: { port: Number(process.argv[2]) },
  });
  node.onMessage(async (message) => {
    console.log(`client got ${JSON.stringify(message)}`);
    await node.shutdown();
  });
  await node.send("server", { hello: "world" });
}

main();
