const { DistflowError } = require("@distflow/core");
const { JsonCrdt } = require("@distflow/core/crdt");
const { FileStore } = require("@distflow/core/store");

async function main() {
  const store = new FileStore("documents");
  const { snapshot } = await store.load("todos");
  const doc = JsonCrdt.restore("bob", snapshot);
  doc.push(["todos"], "Call Cy");
  console.log(JSON.stringify(doc.toJSON()));
  try {
    doc.set(["todos", 7], "no");
  } catch (error) {
    console.log(error instanceof DistflowError, error.code);
  }
  await store.close();
}

main();
