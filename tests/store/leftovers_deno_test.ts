import { assertEquals } from "@std/assert";
import { FileStore } from "../../src/store/mod.ts";

Deno.test({
  name: "without the permission to ask who lives, leftovers stay",
  permissions: { read: true, write: true },
  async fn() {
    const folder = await Deno.makeTempDir();
    // No system gives a process so high a number.
    const left = "a.snapshot.2147483647-1.tmp";
    await Deno.writeTextFile(`${folder}/${left}`, "half");
    const store = new FileStore(folder);
    await store.save("b", new Uint8Array([1]));
    await store.close();
    const files = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    assertEquals(files.sort(), [left, "b.snapshot"]);
    await Deno.remove(folder, { recursive: true });
  },
});
