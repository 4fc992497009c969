// A consumer's file: it is type-checked against the package's declarations.
import {
  DistflowError,
  type NodeEvents,
  type NodeOptions,
  NodeRuntime,
  type PeerInfo,
} from "@distflow/core";
import { type DocumentEvents, JsonCrdt } from "@distflow/core/crdt";
import { FileStore, type SnapshotStore } from "@distflow/core/store";
import { SimWorld } from "@distflow/core/testing";

type Job = { type: "JOB"; id: number } | { type: "DONE"; id: number };

export async function serve(options: NodeOptions): Promise<NodeRuntime<Job>> {
  const node = await NodeRuntime.start<Job>(options);
  node.onMessage(async (message, meta) => {
    if (message.type === "JOB") {
      await node.send(meta.from, { type: "DONE", id: message.id });
    }
  });
  node.on("peer:join", (peer: PeerInfo) => console.log(peer.alias?.length));
  const reason: NodeEvents["peer:leave"][1] = "shutdown";
  // @ts-expect-error: a message of another shape
  await node.send("x", { type: "NO" }).catch((error: unknown) => {
    if (error instanceof DistflowError && error.code === "PEER_NOT_FOUND") {
      console.log(reason);
    }
  });
  return node;
}

export async function edit(store: SnapshotStore): Promise<JsonCrdt> {
  const doc = new JsonCrdt("ann", {
    merges: { first: ([value = null]) => value },
  });
  doc.on("change", (event: DocumentEvents["change"][0]) => {
    const path: readonly (string | number)[] | undefined = event.changes[0]
      ?.path;
    console.log(path?.length);
  });
  // @ts-expect-error: a value that is no JSON
  doc.set(["a"], () => {});
  await store.save("a", doc.snapshot());
  return doc;
}

export const store: SnapshotStore = new FileStore("documents");

export const world: SimWorld = new SimWorld({ seed: 1 });
