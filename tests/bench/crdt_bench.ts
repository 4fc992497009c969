import { type Entrant, type Row, ROWS } from "./crdt/rows.ts";
import { traceName } from "./crdt/trace.ts";
import type { WorkSpec } from "./crdt/works.ts";
import { type Bar, median, type Result, type Series } from "./measure.ts";
import { Program } from "./program.ts";
import { openRuntime, type Runtime } from "./runtime.ts";

/** What Deno's figure divided by that of Node.js has to be. */
const DENO_MIN = 0.8;

/** What a process says: what it reached, or why it cannot. */
interface Outcome {
  readonly figure?: number;
  readonly missing?: string;
}

/** Who runs, where, and what was measured. */
interface Lane {
  readonly entrant: Entrant;
  readonly runtime: Runtime;
  readonly title: string;
  readonly values: number[];
  missing?: string;
}

/**
 * The document that many change at once, beside other engines: a process for
 * each engine, workload and repeat, taking turns.
 *
 * Time is that of the processors outside the kernel, with what garbage
 * collection and compilation take beside the program, and is measured after the
 * same work was done on half as much, four times; the documents of that stay,
 * as a server has more than one. Every change is told to a listener, which takes
 * the bytes that others would be sent, unless the row says otherwise.
 *
 * @param wanted Names of rows; all if there are none.
 */
export async function* crdtBench(
  runtime: Runtime,
  repeats: number,
  wanted: readonly string[],
): AsyncGenerator<Result> {
  const stranger = wanted.find((name) =>
    !ROWS.some((row) => row.name === name)
  );
  if (stranger !== undefined) {
    const names = ROWS.map(({ name }) => `"${name}"`).join(", ");
    throw new Error(`There is no row "${stranger}"; there are ${names}`);
  }
  for (const row of ROWS) {
    if (wanted.length > 0 && !wanted.includes(row.name)) continue;
    yield await measureRow(row, runtime, repeats);
  }
}

async function measureRow(
  row: Row,
  runtime: Runtime,
  repeats: number,
): Promise<Result> {
  const lanes = await lanesOf(row, runtime);
  for (let round = 0; round < repeats; round++) {
    for (const lane of lanes) {
      if (lanes[0]?.missing !== undefined || lane.missing !== undefined) {
        continue;
      }
      const { figure, missing } = await measure(row, lane);
      if (figure !== undefined) lane.values.push(figure);
      else lane.missing = missing ?? "it gave no figure";
    }
  }
  const trace = /trace|text/.test(row.work) ? `, ${traceName()}` : "";
  return {
    benchmark: "crdt",
    workload: `${row.workload}${trace}`,
    unit: row.unit,
    runtime: runtime.name,
    series: seriesOf(row, lanes),
    notes: lanes.flatMap(({ title, missing }) =>
      missing === undefined ? [] : [`Left out: ${title}: ${missing}`]
    ),
  };
}

/** All entrants; on Deno also ours on Node.js. */
async function lanesOf(row: Row, runtime: Runtime): Promise<Lane[]> {
  const lanes: Lane[] = row.entrants.map((entrant) => {
    const { engine, scale, title = engine } = entrant;
    const part = scale === undefined
      ? title
      : `${title}, ${scale * 100} % of it`;
    return { entrant, runtime, title: part, values: [] };
  });
  if (row.isTimed && runtime.name.startsWith("deno")) {
    const node = await openRuntime("node");
    const bar: Bar = row.isCost
      ? { atMost: 1 / DENO_MIN }
      : { atLeast: DENO_MIN };
    lanes.push({
      entrant: { engine: "distflow", bar },
      runtime: node,
      title: `distflow on ${node.name}`,
      values: [],
    });
  }
  return lanes;
}

async function measure(row: Row, lane: Lane): Promise<Outcome> {
  const { engine, work = row.work, scale = 1 } = lane.entrant;
  const spec: WorkSpec = { engine, work, scale };
  const words = [...lane.runtime.command("crdt"), JSON.stringify(spec)];
  await using program = new Program(words);
  return await program.next<Outcome>("result");
}

function seriesOf(row: Row, lanes: readonly Lane[]): Series[] {
  const [subject, ...others] = lanes.filter(({ values }) => values.length > 0);
  if (subject === undefined || subject !== lanes[0]) return [];
  const rivals = others.filter(({ entrant }) => entrant.engine !== "distflow");
  const order = row.isCost ? 1 : -1;
  const [fastest] = rivals.toSorted((a, b) =>
    order * (median(a.values) - median(b.values))
  );
  return [subject, ...others].map((lane) => {
    const { entrant, title: name, values } = lane;
    const { bar, wish } = lane === fastest && row.fastest !== undefined
      ? row.fastest
      : entrant;
    return {
      ...{ name, values },
      ...(bar === undefined ? {} : { bar }),
      ...(wish === undefined ? {} : { wish }),
    };
  });
}
