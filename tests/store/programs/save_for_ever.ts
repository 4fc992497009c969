// Saves and appends for ever, and says what is safe: killed by a test.
import process from "node:process";
import {
  FileStore,
  type SnapshotStore,
  SqliteStore,
} from "../../../src/store/mod.ts";

const [kind = "", place = "", start = "0"] = process.argv.slice(2);
const store: SnapshotStore = kind === "files"
  ? new FileStore(place)
  : new SqliteStore(place);

/** Bytes of which each part tells whether the rest belongs to it. */
function make(round: number, wordCount: number): Uint8Array {
  return new Uint8Array(new Uint32Array(wordCount).fill(round).buffer);
}

for (let round = Number(start) + 1;; round++) {
  await store.save("a", make(round, 1000 + (round * 7919) % 200_000));
  process.stdout.write(`saved ${round}\n`);
  for (let count = 1; count <= 3; count++) {
    await store.append("a", make(round, 1 + (round * count) % 3000));
    process.stdout.write(`appended ${round} ${count}\n`);
  }
}
