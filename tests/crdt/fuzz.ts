// Runs random worlds of all kinds in many processes: `deno task fuzz crdt`.
import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { kindOf } from "./fuzz_kinds.ts";
import type { FuzzResult } from "./fuzz_worker.ts";

const WORKER = fileURLToPath(
  new URL(import.meta.url.replace(/fuzz(\.\w+)$/, "fuzz_worker$1")),
);
/** How many seeds a process gets at a time. */
const SEEDS_PER_LINE = 20;
/** A world that takes longer hangs: most take less than a tenth of a second. */
const WORLD_MS_MAX = 120_000;
const PROGRESS_EVERY_MS = 10_000;

const USAGE = `Usage: deno task fuzz crdt [options]

  --seeds N     how many seeds to run (10000)
  --from M      the first of them (1)
  --jobs J      processes to run them in (one for each core)
  --failures F  how many may fail before it stops (10)

The last digit of a seed says of which kind its world is: even ones are plain, 1
and 7 also give states about, 3 and 9 have schemas, in 5 replicas come and go. A
seed that fails is told in the few steps that it needs, with the command that
runs them again.`;

/** What to run. */
interface FuzzOptions {
  readonly from: number;
  readonly count: number;
  readonly jobs: number;
  /** After so many no further seeds are begun. */
  readonly failureCountMax: number;
}

/** The seeds that are left, and what became of the others. */
class Fuzz {
  readonly options: FuzzOptions;
  readonly counts: Map<string, number> = new Map();
  doneCount = 0;
  failureCount = 0;
  readonly #startedAtMs: number = performance.now();
  #next: number;
  /** Seeds that were taken by a process that ended before it came to them. */
  #returned: number[] = [];

  constructor(options: FuzzOptions) {
    this.options = options;
    this.#next = options.from;
  }

  /** Begins no further seeds. */
  stop(): void {
    this.#next = this.options.from + this.options.count;
  }

  /** The next few seeds. */
  take(): number[] {
    const returned = this.#returned.splice(0);
    if (returned.length > 0) return returned;
    const { from, count } = this.options;
    const first = this.#next;
    this.#next = Math.min(first + SEEDS_PER_LINE, from + count);
    return Array.from(
      { length: this.#next - first },
      (_, index) => first + index,
    );
  }

  /** Others are to run these. */
  giveBack(seeds: readonly number[]): void {
    this.#returned.push(...seeds);
  }

  note({ seed, failure }: FuzzResult): void {
    const { name } = kindOf(seed);
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    this.doneCount++;
    if (failure === null) return;
    console.log(`${failure}\n`);
    this.failureCount++;
    if (this.failureCount >= this.options.failureCountMax) this.stop();
  }

  progress(): string {
    const seconds = (performance.now() - this.#startedAtMs) / 1000;
    const rate = (this.doneCount / seconds).toFixed(1);
    return `${this.doneCount} of ${this.options.count} seeds in ${
      seconds.toFixed(0)
    } s, ${rate} a second, ${this.failureCount} failed`;
  }

  summary(): string {
    const kinds = [...this.counts].map(([name, count]) => `${count} ${name}`);
    return `${this.progress()}: ${kinds.sort().join(", ")}`;
  }
}

/** Lets one process run seeds until none are left. */
function runJob(fuzz: Fuzz, children: Set<ChildProcess>): Promise<void> {
  const isDeno = "deno" in process.versions;
  const args = isDeno ? ["run", "-A", WORKER] : [WORKER];
  const child = spawn(process.execPath, args, {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.add(child);
  let seeds: number[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const goOn = () => {
    clearTimeout(timer);
    if (seeds.length === 0) {
      seeds = fuzz.take();
      if (seeds.length === 0) return child.stdin.end();
      child.stdin.write(`${JSON.stringify(seeds)}\n`);
    }
    timer = setTimeout(() => child.kill("SIGKILL"), WORLD_MS_MAX);
  };
  goOn();
  createInterface({ input: child.stdout }).on("line", (line) => {
    seeds.shift();
    fuzz.note(JSON.parse(line) as FuzzResult);
    goOn();
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      children.delete(child);
      const [seed, ...rest] = seeds;
      if (seed === undefined) return resolve();
      fuzz.note({
        seed,
        failure: `Seed ${seed} ends its process with ${signal ?? code}
Run it again: SEED=${seed} deno test -A ${kindOf(seed).kind.file}`,
      });
      fuzz.giveBack(rest);
      resolve(runJob(fuzz, children));
    });
  });
}

function wholeNumber(name: string, text: string): number {
  if (/^0*[1-9]\d*$/.test(text)) return Number(text);
  throw new TypeError(
    `Cannot choose seeds as --${name} must be a whole number above 0: current value is "${text}"`,
  );
}

/** Runs what `args` ask for; returns whether all went well. */
export async function fuzz(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: "10000" },
      from: { type: "string", default: "1" },
      jobs: { type: "string", default: String(availableParallelism()) },
      failures: { type: "string", default: "10" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return true;
  }
  const run = new Fuzz({
    count: wholeNumber("seeds", values.seeds),
    from: wholeNumber("from", values.from),
    jobs: wholeNumber("jobs", values.jobs),
    failureCountMax: wholeNumber("failures", values.failures),
  });
  const children = new Set<ChildProcess>();
  const ticker = setInterval(
    () => console.error(run.progress()),
    PROGRESS_EVERY_MS,
  );
  const onInterrupt = () => run.stop();
  process.once("SIGINT", onInterrupt);
  try {
    await Promise.all(
      Array.from({ length: run.options.jobs }, () => runJob(run, children)),
    );
  } finally {
    clearInterval(ticker);
    process.off("SIGINT", onInterrupt);
    for (const child of children) child.kill("SIGKILL");
  }
  console.log(run.summary());
  return run.failureCount === 0;
}

if (import.meta.main) {
  process.exitCode = await fuzz(process.argv.slice(2)) ? 0 : 1;
}
