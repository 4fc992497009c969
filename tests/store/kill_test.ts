// Processes that are killed while they write, and what the next one finds.
import { assert, assertEquals } from "@std/assert";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { SeededRandom } from "../../src/base/random.ts";
import {
  FileStore,
  type SnapshotStore,
  SqliteStore,
} from "../../src/store/mod.ts";
import { scriptCommand } from "../support/script.ts";

/** What a process said to be safe before it died. */
interface Promised {
  round: number;
  messageCount: number;
}

/** Runs the program, and kills it some time after its first line. */
async function runAndKill(
  args: string[],
  delayMs: number,
  before: number,
): Promise<Promised> {
  const [command = "", ...words] = scriptCommand(
    "tests/store/programs/save_for_ever.ts",
    ...args,
  );
  const child = spawn(command, words, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  await new Promise<void>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve());
    child.stdout.on("data", (chunk) => {
      // The moment of death is left to chance; nothing waits for this timer.
      if (output === "") setTimeout(() => child.kill("SIGKILL"), delayMs);
      output += String(chunk);
    });
  });
  assertEquals(child.signalCode, "SIGKILL");
  const promised = { round: before, messageCount: 0 };
  for (const line of output.split("\n").slice(0, -1)) {
    const [act, round, count] = line.split(" ");
    promised.round = Number(round);
    promised.messageCount = act === "saved" ? 0 : Number(count);
  }
  return promised;
}

/** The round that wrote `bytes`; throws if two rounds did. */
function roundOf(bytes: Uint8Array): number {
  const words = new Uint32Array(bytes.slice().buffer);
  const [round = 0] = words;
  assert(words.every((word) => word === round), "a mixture of two rounds");
  return round;
}

async function killOften(
  kind: string,
  killCount: number,
  open: (place: string) => SnapshotStore,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "distflow-kill-"));
  const place = join(folder, "documents");
  const random = new SeededRandom(killCount);
  let last = 0;
  try {
    for (let kill = 0; kill < killCount; kill++) {
      const promised = await runAndKill(
        [kind, place, String(last)],
        random.below(60),
        last,
      );
      const store = open(place);
      const stored = await store.load("a");
      await store.close();
      const { snapshot = new Uint8Array() } = stored ?? {};
      const round = roundOf(snapshot);
      assertEquals(snapshot.length, 4 * (1000 + (round * 7919) % 200_000));
      const what = JSON.stringify({ kill, round, promised });
      assert(round === promised.round || round === promised.round + 1, what);
      const own = (stored?.messages ?? [])
        .filter((message) => roundOf(message) === round);
      assert(own.length <= 3, what);
      own.forEach((message, index) =>
        assertEquals(message.length, 4 * (1 + (round * (index + 1)) % 3000))
      );
      if (round === promised.round) {
        assert(own.length >= promised.messageCount, what);
      }
      last = round;
    }
    assert(last > killCount, "nothing was written");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

Deno.test("killed at any time, files hold a whole snapshot and all that was promised", () =>
  killOften("files", 40, (place) => new FileStore(place)));

Deno.test({
  name: "killed at any time, a database holds all that was promised",
  ignore: process.getBuiltinModule("node:sqlite") === undefined,
  fn: () => killOften("sqlite", 10, (place) => new SqliteStore(place)),
});
