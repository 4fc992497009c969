import { assert, assertEquals, assertThrows } from "@std/assert";
import type { WorldKind } from "./kinds.ts";
import { partOf, runWorld } from "./run_worlds.ts";
import { shrinkItems } from "./shrink.ts";
import { World } from "./world.ts";

Deno.test("no item that is left can be left out", () => {
  const items = [...Array(100).keys()];
  for (const needed of [[], [0], [99], [3, 4], [0, 50, 99], items]) {
    let tries = 0;
    const kept = shrinkItems(items, (fewer) => {
      tries++;
      return needed.every((item) => fewer.includes(item));
    });
    assertEquals(kept, needed);
    assert(tries <= 250);
  }
});

Deno.test("items that need each other are left out together", () => {
  const pairs = [10, 11, 70, 71];
  const kept = shrinkItems([...Array(100).keys()], (fewer) => {
    const count = pairs.filter((item) => fewer.includes(item)).length;
    return count % 2 === 0 && fewer.includes(5);
  });
  assert(kept.length < 10);
});

/** Fails if one replica inserted something, and another one counted. */
class FaultyWorld extends World {
  override settle(): void {
    const has = (kind: string, name: string) =>
      this.operations.some((each) =>
        each.kind === kind && each.dot[0] === name
      );
    if (has("insert", "r0") && has("increment", "r1")) throw new Error("Ouch");
  }
}

const FAULTY: WorldKind = {
  file: "tests/crdt/shrink_test.ts",
  make: (seed, part) => new FaultyWorld(seed, part),
};

Deno.test("a world that fails tells the few steps that it needs, and replays", () => {
  let failedCount = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const world = new FaultyWorld(seed);
    try {
      world.run();
      continue;
    } catch {
      failedCount++;
    }
    const { message } = assertThrows(
      () => runWorld(FAULTY, seed),
      Error,
      "Ouch",
    );
    const command = message.split("Run it again: ")[1] ?? "";
    const names = Object.fromEntries(
      [...command.matchAll(/(\w+)=(\S+)/g)].map((
        [, name, value],
      ) => [name, value]),
    );
    const { steps = [], replicas = [] } = partOf(names);
    assertEquals(names.SEED, String(seed));
    assert(steps.length <= 5, command);
    assertEquals(replicas, [0, 1]);
    for (const step of steps) assert(message.includes(`\nstep ${step}\n`));
    const again = assertThrows(
      () => runWorld(FAULTY, seed, { steps, replicas }),
      Error,
    );
    assertEquals(again.message, message);
    for (const step of steps) {
      const others = steps.filter((other) => other !== step);
      new FaultyWorld(seed, { steps: others, replicas }).run();
    }
  }
  assert(failedCount > 10);
});
