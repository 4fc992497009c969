// How benchmarks' figures are kept, and that the README shows those.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { readFileSync } from "node:fs";
import { mergeResults, readFigures } from "../bench/figures.ts";
import type { Result } from "../bench/measure.ts";
import {
  CRDT_README,
  hasTable,
  type Page,
  README,
  renderTable,
  withTable,
} from "../bench/table.ts";

const FIGURES = new URL("../bench/figures.json", import.meta.url);
const ABOUT = { machine: "2 × CPU", date: "2026-01-01", repeats: 3 };

/** The text of a page; its path is from the benchmarks' folder. */
function read({ path }: Page): string {
  return readFileSync(new URL(`../bench/${path}`, import.meta.url), "utf8");
}

function traffic(runtime: string, own: number, nats: number): Result {
  return {
    benchmark: "traffic",
    workload: "100 B, one to one",
    unit: "messages/s",
    runtime,
    series: [
      { name: "distflow", values: [own - 1, own, own + 1] },
      { name: "NATS", values: [nats], bar: { atLeast: 2.5 } },
    ],
  };
}

function ping(runtime: string, own: number, nats: number): Result {
  return {
    ...traffic(runtime, own, nats),
    benchmark: "ping",
    workload: "100 B there and back, p50",
    unit: "µs",
  };
}

Deno.test("README: the tables show the figures that the benchmarks have left", () => {
  for (const page of [README, CRDT_README]) {
    const table = renderTable(readFigures(FIGURES), page);
    assert(hasTable(read(page), table), "Run: deno task bench:table");
  }
});

Deno.test("a table with another figure is another one, whatever its layout", () => {
  const table = "| a | b |\n| --- | --: |\n| x | 1 ms |";
  const page = read(README);
  const wide = "| a   |    b |\n| --- | ---: |\n| x   | 1 ms |";
  assert(hasTable(withTable(page, wide), table));
  assert(!hasTable(withTable(page, wide.replace("1", "2")), table));
});

Deno.test("a later run takes the place of its benchmark and major version only", () => {
  const first = mergeResults({ runs: {} }, [
    traffic("node/20.1.0", 100, 50),
    traffic("node/24.1.0", 100, 50),
    traffic("deno/2.8.0", 100, 50),
    ping("deno/2.8.0", 100, 50),
  ], ABOUT);
  const { runs } = mergeResults(first, [
    traffic("node/20.2.0", 300, 100),
    traffic("deno/2.9.0", 300, 100),
  ], { ...ABOUT, date: "2026-01-02" });
  assertEquals(
    Object.entries(runs).map(([key, run]) => [key, run.runtime, run.date]),
    [
      ["ping deno", "deno/2.8.0", "2026-01-01"],
      ["traffic deno", "deno/2.9.0", "2026-01-02"],
      ["traffic node20", "node/20.2.0", "2026-01-02"],
      ["traffic node24", "node/24.1.0", "2026-01-01"],
    ],
  );
  assertEquals(runs["traffic node20"]?.results, [{
    workload: "100 B, one to one",
    unit: "messages/s",
    series: [
      { name: "distflow", median: 300, min: 299, max: 301 },
      {
        ...{ name: "NATS", median: 100, min: 100, max: 100 },
        ...{ ratio: 3, bar: { atLeast: 2.5 } },
      },
    ],
  }]);
});

Deno.test("more is better for rates, less for times, and the table says how often", () => {
  const { runs } = mergeResults({ runs: {} }, [
    traffic("deno/2.9.0", 2_500_000, 500_000),
    traffic("node/20.2.0", 900_000, 600_000),
    ping("node/20.2.0", 40, 100),
  ], ABOUT);
  const lines = renderTable({ runs }, README).split("\n");
  assertEquals(lines.slice(2, 4), [
    "| 100 B, one to one | 2.50 M/s | 900 k/s |  | 1.50–5.0 |  |  |  |",
    "| there and back, median |  | 40 µs |  | 2.5 |  |  |  |",
  ]);
  assertStringIncludes(
    lines.at(-1) ?? "",
    "2 × CPU; deno 2.9.0, node 20.2.0; 2026-01-01; medians of 3",
  );
});
