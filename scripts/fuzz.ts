/**
 * Runs tests of chance for longer than the ordinary run does.
 *
 * ```sh
 * deno task fuzz --seeds 100000        # hostile bytes at the wire
 * deno task fuzz crdt --seeds 100000   # random documents; see --help
 * ```
 *
 * @module
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { fuzz } from "../tests/crdt/fuzz.ts";
import { run } from "./run.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WIRE = "tests/system/fuzz_test.ts";
/** As long as whoever runs it wants. */
const TIMEOUT_MS = 2 ** 31 - 1;

const [name, ...args] = process.argv.slice(2);
try {
  if (name === "crdt") process.exitCode = await fuzz(args) ? 0 : 1;
  else if (name !== undefined && !name.startsWith("-")) {
    throw new TypeError(`Cannot fuzz "${name}": there is "crdt", and the wire`);
  } else {
    await run(
      process.execPath,
      ["test", "-A", WIRE, "--", ...process.argv.slice(2)],
      { cwd: ROOT, timeoutMs: TIMEOUT_MS },
    );
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
