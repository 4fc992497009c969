/**
 * Runs the benchmarks, all or by name, and prints medians, extremes and ratios.
 *
 * ```sh
 * deno task bench
 * deno task bench messages --repeats 7
 * deno task bench --json > figures.json
 * ```
 *
 * The programs that are compared take turns, so that a machine that slows down
 * slows all of them down. Only the ratios of one run can be compared.
 *
 * @module
 */
import process from "node:process";
import { environment, print, type Result } from "./measure.ts";
import { messagesBench } from "./messages_bench.ts";
import { pmdBench } from "./pmd_bench.ts";
import { startBench } from "./start_bench.ts";

const BENCHMARKS = new Map([
  ["start", startBench],
  ["pmd", pmdBench],
  ["messages", messagesBench],
]);

const args = process.argv.slice(2);
const isJson = args.includes("--json");
const repeatsIndex = args.indexOf("--repeats");
const repeats = repeatsIndex < 0 ? 5 : Number(args[repeatsIndex + 1]);
const names = args.filter((arg, index) =>
  !arg.startsWith("--") && (repeatsIndex < 0 || index !== repeatsIndex + 1)
);
const unknown = names.filter((name) => !BENCHMARKS.has(name));
if (unknown.length > 0 || !(repeats >= 1)) {
  console.error(
    `Usage: bench [${
      [...BENCHMARKS.keys()].join("|")
    }]… [--repeats N] [--json]`,
  );
  process.exit(2);
}

const results: Result[] = [];
if (!isJson) console.log(environment());
for (const [name, benchmark] of BENCHMARKS) {
  if (names.length > 0 && !names.includes(name)) continue;
  for (const result of await benchmark(repeats)) {
    results.push(result);
    if (!isJson) print(result);
  }
}
if (isJson) {
  console.log(JSON.stringify({ environment: environment(), results }, null, 2));
}
