import { JsonCrdt } from "@distflow/core/crdt";
import { FileStore } from "@distflow/core/store";

const doc = new JsonCrdt("ann");
doc.set(["todos"], ["Buy milk"]);
const store = new FileStore("documents");
await store.save("todos", doc.snapshot());
await store.close();
