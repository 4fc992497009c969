import {
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { SimError } from "../../src/sim/mod.ts";
import { chooseSeeds, runStory } from "./support/sim_test.ts";

Deno.test("a story that fails tells its seed, its trace and how to repeat it", async () => {
  const story = runStory(async (world) => {
    const { clock } = world.process({ name: "worker" }).platform;
    clock.schedule(10, () => {});
    await world.run(20);
    assertEquals(1, 2);
  }, 4711);
  const error = await assertRejects(() => story, Error, "Seed 4711 fails:");
  assertStringIncludes(error.message, "seed 4711, 20 ms of virtual time");
  assertStringIncludes(error.message, "10.000 worker: timer of 10 ms");
  assertStringIncludes(error.message, "SEED=4711 deno task sim");
  assertInstanceOf(error.cause, Error);
  assertStringIncludes(error.cause.message, "not equal");
});

Deno.test("a failure of the world itself tells its trace only once", async () => {
  const story = runStory(async (world) => {
    world.process().platform.clock.schedule(1, () => {
      throw new TypeError("a bug");
    });
    await world.run(5);
  }, 1);
  const error = await assertRejects(() => story, Error, "TypeError: a bug");
  assertInstanceOf(error.cause, SimError);
  assertEquals(error.message.split("lines of the trace").length, 2);
});

Deno.test("a story fails by what is thrown after it last looked", async () => {
  const story = runStory(async (world) => {
    const { clock } = world.process().platform;
    clock.schedule(1, () => {
      clock.defer(() => {
        throw new Error("late");
      });
    });
    // Ends right at the moment at which the callback is about to run.
    await world.until(() => world.trace.length > 0);
  }, 1);
  await assertRejects(() => story, Error, "late");
});

Deno.test("a story fails by a rejection that nobody listens to", async () => {
  const story = runStory(async (world) => {
    const { clock } = world.process().platform;
    clock.schedule(2, () => void Promise.reject(new Error("forgotten")));
    await world.run(1000);
  }, 1);
  const error = await assertRejects(() => story, Error, "forgotten");
  assertStringIncludes(error.message, "seed 1, 2 ms of virtual time");
});

Deno.test("a failure that is noticed within a run ends it", async () => {
  const story = runStory(async (world) => {
    const { clock } = world.process().platform;
    const cause = new Error("the reason");
    clock.schedule(3, () => world.fail("An invariant does not hold", cause));
    await world.run(1000);
  }, 1);
  const error = await assertRejects(() => story, Error);
  assertMatch(error.message, /An invariant does not hold: seed 1, 3 ms/);
  assertInstanceOf(error.cause, SimError);
  assertStringIncludes(String(error.cause.cause), "the reason");
});

Deno.test("SEED chooses one seed, --seeds how many, and otherwise the test does", () => {
  assertEquals(chooseSeeds(3, {}, []), [1, 2, 3]);
  assertEquals(chooseSeeds(3, {}, ["--filter", "--seeds", "2"]), [1, 2]);
  assertEquals(chooseSeeds(3, { SEED: "1234" }, ["--seeds", "2"]), [1234]);
  assertEquals(chooseSeeds(2, { SEED: "" }, []), [1, 2]);
  for (const text of ["1.5", "-1", "many"]) {
    assertThrows(() => chooseSeeds(3, { SEED: text }, []), TypeError, "SEED");
  }
  assertThrows(() => chooseSeeds(3, {}, ["--seeds"]), TypeError, "--seeds");
});
