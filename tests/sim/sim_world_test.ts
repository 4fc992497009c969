import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { SimError, SimWorld } from "../../src/sim/mod.ts";
import { chatter } from "./support/chatter.ts";
import { runStory, simTest } from "./support/sim_test.ts";

simTest(
  "virtual time moves as far as it is told, not further",
  async (world) => {
    const { clock } = world.process().platform;
    const startMs = clock.monotonicMs();
    const seen: number[] = [];
    for (const delayMs of [30, 10, 20, 20.5]) {
      clock.schedule(delayMs, () => seen.push(clock.monotonicMs() - startMs));
    }
    await world.run(20);
    assertEquals(seen, [10, 20]);
    assertEquals(world.nowMs, 20);
    await world.run(3_600_000);
    assertEquals(seen, [10, 20, 20.5, 30]);
    assertEquals(world.nowMs, 3_600_020);
  },
);

simTest("promises go on between two callbacks of one moment", async (world) => {
  const { clock } = world.process().platform;
  const seen: string[] = [];
  const deep = async (depth: number): Promise<void> => {
    if (depth > 0) await deep(depth - 1);
  };
  for (const name of ["a", "b"]) {
    clock.schedule(5, () => {
      seen.push(name);
      deep(1000).then(() => seen.push(`${name} later`));
    });
  }
  await world.run(5);
  assertEquals(seen, ["a", "a later", "b", "b later"]);
});

simTest(
  "what is deferred comes after what is ready, at the same moment",
  async (world) => {
    const { clock } = world.process().platform;
    const seen: string[] = [];
    clock.schedule(5, () => {
      seen.push("first");
      clock.defer(() => seen.push(`deferred at ${world.nowMs}`));
    });
    clock.schedule(5, () => seen.push("second"));
    await world.run(6);
    assertEquals(seen, ["first", "second", "deferred at 5"]);
  },
);

simTest("a cancelled timer never runs", async (world) => {
  const { clock } = world.process().platform;
  let count = 0;
  const timer = clock.schedule(10, () => count++);
  clock.schedule(5, () => timer.cancel());
  await world.run(20);
  assertEquals(count, 0);
  timer.cancel();
});

simTest("a delay that no runtime takes is refused", (world) => {
  const { clock } = world.process().platform;
  for (const delayMs of [-1, NaN, 2 ** 31]) {
    assertThrows(() => clock.schedule(delayMs, () => {}), RangeError);
  }
});

simTest("until returns what a promise brings, at its moment", async (world) => {
  const { clock } = world.process().platform;
  const value = await world.until(
    new Promise<string>((resolve) => {
      clock.schedule(1234, () => resolve("here"));
    }),
  );
  assertEquals([value, world.nowMs], ["here", 1234]);
});

simTest("until throws what a promise was rejected with", async (world) => {
  const { clock } = world.process().platform;
  const rejected = new Promise<void>((_resolve, reject) => {
    clock.schedule(1, () => reject(new RangeError("of mine")));
  });
  await assertRejects(() => world.until(rejected), RangeError, "of mine");
});

simTest("until asks a condition after each turn", async (world) => {
  const { clock } = world.process().platform;
  let count = 0;
  const tick = () => {
    count++;
    clock.schedule(10, tick);
  };
  tick();
  await world.until(() => count === 5);
  assertEquals([count, world.nowMs], [5, 40]);
});

simTest("until fails with seed and time when time is up", async (world) => {
  const { clock } = world.process({ name: "worker" }).platform;
  const tick = () => void clock.schedule(10, tick);
  tick();
  const error = await assertRejects(
    () => world.until(() => false, { withinMs: 100, what: "a miracle" }),
    SimError,
    "100 ms have passed without a miracle",
  );
  assertStringIncludes(error.message, "seed 77, 100 ms of virtual time");
  assertStringIncludes(error.message, "worker: timer of 10 ms");
}, { seed: 77 });

simTest("until fails at once when nothing is left to happen", async (world) => {
  await assertRejects(
    () => world.until(new Promise(() => {})),
    SimError,
    "Nothing is left to happen",
  );
  assertEquals(world.nowMs, 0);
});

simTest("a second run beside a running one is refused", async (world) => {
  const first = world.run(10);
  await assertRejects(() => world.run(10), Error, "while it runs");
  await first;
  assertEquals(world.nowMs, 10);
});

Deno.test("time that stands still is an error, not a hang", async () => {
  const world = new SimWorld({ seed: 1 });
  const { clock } = world.process().platform;
  const again = () => clock.defer(again);
  again();
  await assertRejects(() => world.run(1), SimError, "Time stands still");
});

simTest("a poll with a delay of 0 does not stop time", async (world) => {
  const { clock } = world.process().platform;
  let count = 0;
  const poll = () => {
    count++;
    clock.schedule(0, poll);
  };
  poll();
  await world.run(1);
  assertGreater(count, 10);
});

Deno.test("an exception in a callback fails the run and ends the process", async () => {
  const world = new SimWorld({ seed: 3 });
  const process = world.process({ name: "worker" });
  const thrown = new Error("a bug");
  process.platform.clock.schedule(5, () => {
    throw thrown;
  });
  const error = await assertRejects(
    () => world.run(10),
    SimError,
    "Process worker threw Error: a bug: seed 3, 5 ms",
  );
  assertEquals(error.cause, thrown);
  assertEquals([process.alive, process.exitCode], [false, 1]);
  assertEquals(process.uncaught, [thrown]);
  await assertRejects(() => world.run(10), SimError, "a bug");
});

simTest("an exception can be recorded instead", async (world) => {
  const [process, other] = [world.process(), world.process()];
  process.platform.clock.schedule(5, () => {
    throw new Error("a bug");
  });
  let isReached = false;
  other.platform.clock.schedule(6, () => isReached = true);
  await world.run(10);
  assert(isReached);
  assertEquals(process.alive, false);
  assertEquals(process.uncaught.map(String), ["Error: a bug"]);
}, { onUncaught: "record" });

simTest("each process has chance of its own, and so has the test", (world) => {
  const draws = [world, ...[1, 2, 3].map(() => world.process().platform)]
    .map(({ random }) => random.hex(8));
  assertEquals(new Set(draws).size, 4);
});

simTest(
  "wall clocks of hosts may differ and jump; monotonic time does not",
  async (world) => {
    const [here, there] = ["10.0.0.1", "10.0.0.2"]
      .map((hostname) => world.process({ hostname }).platform.clock);
    assert(here && there);
    world.setWallSkew("10.0.0.2", -5000);
    assertEquals(here.wallMs() - there.wallMs(), 5000);
    const startMs = there.monotonicMs();
    world.setWallSkew("10.0.0.2", 60_000);
    await world.run(1.5);
    assertEquals(there.wallMs() - here.wallMs(), 60_000);
    assertEquals(there.monotonicMs() - startMs, 1.5);
    assertEquals(
      new Date(here.wallMs()).toISOString(),
      "2026-01-01T00:00:00.001Z",
    );
  },
);

simTest("monotonic times of two processes cannot be compared", (world) => {
  const times = [1, 2, 3].map(() =>
    world.process().platform.clock.monotonicMs()
  );
  assertEquals(new Set(times).size, 3);
});

Deno.test("a seed always gives the same run, to the byte", async () => {
  for (const seed of [1, 2, 3, 0xffffffff]) {
    assertEquals(await runStory(chatter, seed), await runStory(chatter, seed));
  }
});

Deno.test("the run of a seed is the same on every runtime", async () => {
  // Recorded on Deno; Node.js must give the same. To be recorded again when the
  // simulator itself changes what happens.
  assertEquals(await runStory(chatter, 42), "8e79b4183671fdef");
});

Deno.test("different seeds give different runs", async () => {
  const hashes = new Set<string>();
  for (let seed = 1; seed <= 20; seed++) {
    hashes.add(await runStory(chatter, seed));
  }
  assertEquals(hashes.size, 20);
});

Deno.test("the checksum of a run covers bytes that no line of the trace shows", async () => {
  const hashOf = (text: string) =>
    runStory(async (world) => {
      const { connectPair } = await import("./support/recorder.ts");
      const { dialed, accepted } = await connectPair(world);
      dialed.send(text);
      await world.until(() => accepted.byteCount === text.length);
    }, 9);
  assertEquals(
    await hashOf("one, two, three"),
    await hashOf("one, two, three"),
  );
  assertNotEquals(
    await hashOf("one, two, three"),
    await hashOf("two, two, three"),
  );
});

simTest("the trace keeps its last lines only", async (world) => {
  const { clock } = world.process({ name: "worker" }).platform;
  for (let delayMs = 1; delayMs <= 100; delayMs++) {
    clock.schedule(delayMs, () => {});
  }
  await world.run(100);
  assertEquals(world.trace.length, 10);
  assertStringIncludes(world.trace[9] ?? "", "100.000 worker: timer of 100 ms");
  assertLess(world.trace[0]?.indexOf("91.000") ?? -1, 10);
}, { traceLinesMax: 10 });

Deno.test("a world refuses options that make no sense", () => {
  for (const seed of [-1, 1.5, 2 ** 32, NaN]) {
    assertThrows(() => new SimWorld({ seed }), RangeError, "'seed'");
  }
  assertThrows(
    () => new SimWorld({ seed: 1, network: { localLatencyMs: [2, 1] } }),
    RangeError,
    "'localLatencyMs'",
  );
  assertThrows(
    () => new SimWorld({ seed: 1, network: { windowBytes: 0 } }),
    RangeError,
    "'windowBytes'",
  );
  const world = new SimWorld({ seed: 1 });
  assertThrows(() => world.process({ hostname: "127.0.0.1" }), TypeError);
  assertThrows(() => world.process({ program: "none" }), TypeError, "none");
  assertThrows(() => world.slow(world.process(), 0), RangeError, "'factor'");
});
