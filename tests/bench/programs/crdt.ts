// One engine does one workload, and says what it reached, or why it cannot.
import process from "node:process";
import { type Engine, type EngineName, openEngine } from "../crdt/engine.ts";
import { loadTrace } from "../crdt/trace.ts";
import { UnsupportedError, type Work } from "../crdt/work.ts";
import { SIZE_WORKS, TIMED_WORKS, type WorkSpec } from "../crdt/works.ts";

/** Which part of the work is done to warm up, and how often. */
const WARM_UP_SCALE = 0.5;
const WARM_UP_ROUNDS = 4;

function say(word: string, value: unknown): void {
  process.stdout.write(`${word} ${JSON.stringify(value)}\n`);
}

/**
 * An engine whose documents stay, as those of a server do: with the last one,
 * all that was compiled for them would go, too.
 */
function keeping(engine: Engine): Engine {
  const documents: unknown[] = [];
  const keep = <Kept>(document: Kept): Kept => {
    documents.push(document);
    return document;
  };
  const { open, load } = engine;
  return {
    open: (options) => keep(open(options)),
    ...(load === undefined
      ? {}
      : { load: (bytes, kind) => keep(load(bytes, kind)) }),
  };
}

async function main(spec: WorkSpec): Promise<void> {
  const { work: name, scale } = spec;
  let engine;
  try {
    engine = keeping(await openEngine(spec.engine as EngineName));
  } catch (error) {
    const [reason] = String(error).split("\n");
    return say("result", { missing: `it cannot be loaded: ${reason}` });
  }
  const timed: { readonly [name: string]: Work } = TIMED_WORKS;
  const work = timed[name] ?? SIZE_WORKS[name as keyof typeof SIZE_WORKS];
  const trace = loadTrace();
  try {
    for (let round = 0; name in timed && round < WARM_UP_ROUNDS; round++) {
      work(engine, { scale: scale * WARM_UP_SCALE, trace });
    }
    say("result", { figure: work(engine, { scale, trace }) });
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    say("result", { missing: error.message });
  }
}

await main(JSON.parse(process.argv[2] ?? ""));
