import {
  assert,
  assertEquals,
  assertGreater,
  assertGreaterOrEqual,
  assertLess,
} from "@std/assert";
import type { RuleTest, Stage } from "./stage.ts";
import { HIGH_WATER_BYTES, type Witness } from "./witness.ts";

const MIB = 1024 * 1024;

/** More than the systems of both sides hold for one connection, by far. */
const ENDLESS_BYTES = 200 * MIB;

const WRITE_BYTES = 64 * 1024;

/** Waits until `writer` makes no progress; returns what it has written. */
async function untilStuck(stage: Stage, writer: Witness): Promise<number> {
  let sentCount = -1;
  while (sentCount !== writer.sentCount) {
    sentCount = writer.sentCount;
    await stage.world.settle();
  }
  return sentCount;
}

/** How a slow reader is felt. */
export function pressureRules(test: RuleTest): void {
  test("write says no above 256 KiB, and drain when to go on", async (stage) => {
    const { dialed, accepted } = await stage.pair((witness) => {
      witness.pause();
      witness.start();
    });
    // What the systems take makes room for a while.
    dialed.pump(ENDLESS_BYTES, WRITE_BYTES);
    await untilStuck(stage, dialed);
    dialed.onDrain = () => {};
    while (dialed.send(WRITE_BYTES));
    // Each further write is told no, and the drain is told once for all.
    for (let count = 0; count < 3; count++) assert(!dialed.send(WRITE_BYTES));
    assertGreater(dialed.connection.queuedBytes, HIGH_WATER_BYTES);
    const { drainCount } = dialed;
    accepted.resume();
    await stage.until(accepted.receives(dialed.sentCount));
    await stage.world.settle();
    assertEquals(dialed.drainCount, drainCount + 1);
    assertEquals(dialed.connection.queuedBytes, 0);
    assert(dialed.send(1));
    await stage.until(accepted.receives(dialed.sentCount));
  });

  test("who was not told to stop is not told to go on", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    for (const size of [10, 20_000, 100_000, HIGH_WATER_BYTES]) {
      assert(dialed.send(size));
      await stage.until(accepted.receives(dialed.sentCount));
      await stage.world.settle();
    }
    accepted.pause();
    while (dialed.connection.queuedBytes < HIGH_WATER_BYTES / 2) {
      assert(dialed.send(WRITE_BYTES));
    }
    accepted.resume();
    await stage.until(accepted.receives(dialed.sentCount));
    await stage.world.settle();
    assertEquals(dialed.events, []);
  });

  for (const isPausedFirst of [true, false]) {
    const when = isPausedFirst ? "before it starts" : "in the midst";
    test(`a reader that pauses ${when} stops the writer, and loses nothing`, async (stage) => {
      const { dialed, accepted } = await stage.pair((witness) => {
        if (isPausedFirst) witness.pause();
        else witness.onData = () => witness.pause();
        witness.start();
      });
      for (let round = 0; round < 3; round++) {
        dialed.pump(ENDLESS_BYTES, WRITE_BYTES);
        const sentCount = await untilStuck(stage, dialed);
        assertLess(sentCount, ENDLESS_BYTES);
        assertLess(
          dialed.connection.queuedBytes,
          HIGH_WATER_BYTES + WRITE_BYTES + 1,
        );
        assertLess(accepted.receivedCount, sentCount);
        dialed.onDrain = () => {};
        accepted.onData = () => {};
        accepted.resume();
        await stage.until(accepted.receives(sentCount));
        stage.checkWitnesses();
        accepted.pause();
      }
    });
  }

  test("both sides may wait for each other's reader", async (stage) => {
    const pauseFirst = (witness: Witness): void => {
      witness.pause();
      witness.start();
    };
    const { dialed, accepted } = await stage.pair(pauseFirst, pauseFirst);
    for (const witness of [dialed, accepted]) {
      witness.pump(ENDLESS_BYTES, WRITE_BYTES);
      await untilStuck(stage, witness);
      witness.onDrain = () => {};
    }
    accepted.resume();
    await stage.until(accepted.receives(dialed.sentCount));
    dialed.resume();
    await stage.until(dialed.receives(accepted.sentCount));
  });

  test("who goes on writing is still served", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    for (let count = 0; count < 128; count++) dialed.send(WRITE_BYTES);
    dialed.send(4 * MIB);
    dialed.endSide();
    await stage.until(accepted.when(() => accepted.hasPeerEnded));
    assertEquals(accepted.receivedCount, 12 * MIB);
    assertEquals(dialed.connection.queuedBytes, 0);
  });

  test("who writes on and on gets the memory back", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    const writes = 32 * MIB / WRITE_BYTES;
    dialed.pump(32 * MIB, WRITE_BYTES);
    await stage.until(accepted.receives(32 * MIB));
    // Of the last ones, it may be told later.
    const late = 2 * HIGH_WATER_BYTES / WRITE_BYTES;
    assertGreaterOrEqual(dialed.writtenCount, writes - late);
    for (const size of [0, 1, 10, 0, 100]) dialed.send(size);
    await stage.until(accepted.receives(dialed.sentCount));
    await stage.world.settle();
    assertLess(dialed.writtenCount, writes + 4);
  });

  test("while paused nothing is told, and all of it after", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    accepted.onData = () => accepted.pause();
    dialed.send(10);
    await stage.until(accepted.receives(1));
    const { receivedCount } = accepted;
    accepted.pause();
    dialed.send(1000);
    dialed.endSide();
    await stage.world.settle();
    assertEquals([accepted.receivedCount, ...accepted.events], [receivedCount]);
    // It pauses again at each piece.
    while (!accepted.hasPeerEnded) {
      const { receivedCount } = accepted;
      accepted.resume();
      await stage.until(
        accepted.when(() =>
          accepted.hasPeerEnded || accepted.receivedCount > receivedCount
        ),
      );
    }
    assertEquals([accepted.receivedCount, ...accepted.events], [1010, "end"]);
  });

  test("an end alone is not told while paused, either", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    accepted.pause();
    dialed.endSide();
    await stage.world.settle();
    assertEquals(accepted.events, []);
    accepted.send(100);
    accepted.endSide();
    await stage.until(dialed.when(() => dialed.hasPeerEnded));
    assertEquals(dialed.receivedCount, 100);
    await stage.world.settle();
    assertEquals(accepted.events, []);
    accepted.resume();
    await stage.untilAll(accepted.closes(), dialed.closes());
    assertEquals([accepted.events, dialed.events], [
      ["end", "close"],
      ["end", "close"],
    ]);
  });

  test("a resume may follow at once, and may come unasked", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    accepted.resume();
    accepted.onData = () => {
      accepted.pause();
      accepted.pause();
      accepted.resume();
      accepted.resume();
    };
    dialed.pump(2 * MIB, WRITE_BYTES);
    await stage.until(accepted.receives(2 * MIB));
  });
}
