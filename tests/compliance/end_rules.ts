import { assert, assertEquals, assertLess } from "@std/assert";
import type { Pair, RuleTest, Stage } from "./stage.ts";
import type { Witness } from "./witness.ts";

const MIB = 1024 * 1024;

/** What was told, drains left out. */
function eventsOf({ events }: Witness): string[] {
  return events.filter((event) => event !== "drain");
}

/** The first bytes are what the other system answers with a reset. */
async function writeUntilClosed(stage: Stage, writer: Witness): Promise<void> {
  for (let count = 0; count < 20 && !writer.isClosed; count++) {
    writer.send(1000);
    await stage.world.settle();
  }
}

/** Both roles in turn: what holds for who connected holds for who listened. */
function testBoth(
  test: RuleTest,
  rule: string,
  body: (
    stage: Stage,
    one: Witness,
    other: Witness,
    pair: Pair,
  ) => Promise<void>,
): void {
  test(`${rule}: who connected`, async (stage) => {
    const pair = await stage.pair();
    await body(stage, pair.dialed, pair.accepted, pair);
  });
  test(`${rule}: who listened`, async (stage) => {
    const pair = await stage.pair();
    await body(stage, pair.accepted, pair.dialed, pair);
  });
}

/** How connections end. */
export function endRules(test: RuleTest): void {
  testBoth(
    test,
    "one side may end and still be answered",
    async (stage, one, other) => {
      one.send(1000);
      one.endSide();
      one.endSide();
      await stage.until(other.when(() => other.hasPeerEnded));
      assertEquals(other.receivedCount, 1000);
      other.pump(3 * MIB, 100_000);
      await stage.until(one.receives(3 * MIB));
      await stage.world.settle();
      assertEquals([eventsOf(one), eventsOf(other)], [[], ["end"]]);
      other.endSide();
      await stage.untilAll(one.closes(), other.closes());
      for (const side of [one, other]) {
        assertEquals(eventsOf(side), ["end", "close"]);
      }
    },
  );

  test("both sides may end at once", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    for (const side of [dialed, accepted]) {
      side.send(100_000);
      side.endSide();
    }
    await stage.untilAll(dialed.closes(), accepted.closes());
    for (const side of [dialed, accepted]) {
      assertEquals([side.receivedCount, ...eventsOf(side)], [
        100_000,
        "end",
        "close",
      ]);
    }
  });

  testBoth(
    test,
    "an end waits for all that is queued",
    async (stage, one, other) => {
      other.pause();
      for (let count = 0; count < 20; count++) one.send(MIB);
      one.endSide();
      await stage.world.settle();
      assertEquals(eventsOf(other), []);
      other.resume();
      await stage.until(other.when(() => other.hasPeerEnded));
      assertEquals(other.receivedCount, 20 * MIB);
      other.endSide();
      await stage.untilAll(one.closes(), other.closes());
      assertEquals([eventsOf(one), eventsOf(other)], [
        ["end", "close"],
        ["end", "close"],
      ]);
    },
  );

  test("what is written after an end is dropped", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    dialed.send(500);
    dialed.endSide();
    assert(dialed.send(MIB));
    await stage.until(accepted.when(() => accepted.hasPeerEnded));
    assert(dialed.send(MIB));
    assertEquals(dialed.connection.queuedBytes, 0);
    await stage.world.settle();
    accepted.endSide();
    await stage.untilAll(dialed.closes(), accepted.closes());
    assertEquals([accepted.receivedCount, dialed.receivedCount], [500, 0]);
    assertEquals([accepted.events, dialed.events], [
      ["end", "close"],
      ["end", "close"],
    ]);
  });

  testBoth(
    test,
    "close ends both sides at once, without an error",
    async (stage, one, other) => {
      one.send(1000);
      await stage.until(other.receives(1000));
      one.closeNow();
      await stage.untilAll(
        one.closes(),
        other.when(() => other.hasPeerEnded),
      );
      assertEquals([one.events, other.events], [["close"], ["end"]]);
      other.endSide();
      await stage.until(other.closes());
      assertEquals(other.events, ["end", "close"]);
    },
  );

  testBoth(
    test,
    "close drops what is queued, though the other side stands still",
    async (stage, one, other) => {
      other.pause();
      for (let count = 0; count < 64; count++) one.send(MIB);
      await stage.world.settle();
      one.closeNow();
      assertEquals(one.connection.queuedBytes, 0);
      await stage.until(one.closes());
      assertEquals(one.events, ["close"]);
      other.resume();
      await stage.until(other.when(() => other.events.length > 0));
      assertLess(other.receivedCount, 64 * MIB);
    },
  );

  test("close is told after an end that waits, too", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    accepted.pause();
    for (let count = 0; count < 64; count++) dialed.send(MIB);
    dialed.endSide();
    await stage.world.settle();
    dialed.closeNow();
    await stage.until(dialed.closes());
    assertEquals(dialed.events, ["close"]);
  });

  test("who closes while paused is not told the end that waits", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    accepted.pause();
    dialed.endSide();
    await stage.world.settle();
    accepted.closeNow();
    await stage.untilAll(accepted.closes(), dialed.closes());
    assertEquals(accepted.events, ["close"]);
    assertEquals(dialed.events, ["end", "close"]);
  });

  test("whatever is called after the end of all does nothing", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    dialed.closeNow();
    dialed.closeNow();
    for (let count = 0; count < 2; count++) {
      assert(dialed.send(MIB));
      dialed.pause();
      dialed.resume();
      dialed.endSide();
      dialed.closeNow();
      assertEquals(dialed.connection.queuedBytes, 0);
      await stage.until(dialed.closes());
    }
    await stage.world.settle();
    assertEquals(dialed.events, ["close"]);
    assertEquals([accepted.receivedCount, ...accepted.events], [0, "end"]);
  });

  test("who closes before it starts is told so", async (stage) => {
    const closeFirst = (witness: Witness): void => {
      witness.closeNow();
      witness.start();
    };
    const { dialed, accepted } = await stage.pair(closeFirst, closeFirst);
    await stage.untilAll(dialed.closes(), accepted.closes());
    assertEquals([dialed.events, accepted.events], [["close"], ["close"]]);
  });

  test("a handler may close within data, and is told nothing more", async (stage) => {
    const { dialed, accepted } = await stage.pair((witness) => {
      witness.onData = () => witness.closeNow();
      witness.start();
    });
    dialed.pump(8 * MIB, 1000);
    await stage.untilAll(accepted.closes(), dialed.when(() => dialed.isClosed));
    assertEquals(accepted.events, ["close"]);
    assertEquals(dialed.events.at(-1), "close CONNECTION_RESET");
  });

  test("a handler may close within data that waited for it", async (stage) => {
    const { dialed, accepted } = await stage.pair((witness) => {
      witness.onData = () => witness.closeNow();
      witness.pause();
      witness.start();
    });
    for (let count = 0; count < 5; count++) {
      dialed.send(200);
      await stage.world.settle();
    }
    dialed.endSide();
    await stage.world.settle();
    accepted.resume();
    await stage.until(accepted.closes());
    await stage.world.settle();
    assertEquals(accepted.events, ["close"]);
  });

  test("a handler may close within drain or end", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    dialed.onDrain = () => dialed.closeNow();
    accepted.onEnd = () => accepted.closeNow();
    while (dialed.send(100_000));
    await stage.untilAll(dialed.closes(), accepted.closes());
    assertEquals(dialed.events, ["drain", "close"]);
    assertEquals(accepted.events, ["end", "close"]);
  });

  test("a handler may end within data and within end", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    accepted.onData = () => {
      if (accepted.sentCount === 0) accepted.send(100);
      accepted.endSide();
    };
    dialed.onEnd = () => dialed.endSide();
    dialed.send(1);
    await stage.untilAll(dialed.closes(), accepted.closes());
    assertEquals([dialed.receivedCount, ...dialed.events], [
      100,
      "end",
      "close",
    ]);
    assertEquals(accepted.events, ["end", "close"]);
  });

  test("both sides may close at once", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    dialed.closeNow();
    accepted.closeNow();
    await stage.untilAll(dialed.closes(), accepted.closes());
    assertEquals([dialed.events, accepted.events], [["close"], ["close"]]);
  });

  testBoth(
    test,
    "a side that goes with bytes unread lets the other know",
    async (stage, one, other) => {
      other.pause();
      one.send(MIB);
      await stage.world.settle();
      other.closeNow();
      await stage.until(other.closes());
      assertEquals(other.events, ["close"]);
      // Deno ends a socket before it closes it: an end may come first.
      await stage.until(one.when(() => eventsOf(one).length > 0));
      await writeUntilClosed(stage, one);
      const events = eventsOf(one).filter((event) => event !== "end");
      assertEquals(events, ["close CONNECTION_RESET"]);
    },
  );

  testBoth(
    test,
    "who goes on writing to a side that is gone is reset",
    async (stage, one, other) => {
      other.closeNow();
      await stage.until(one.when(() => one.hasPeerEnded));
      await writeUntilClosed(stage, one);
      assertEquals(one.events, ["end", "close CONNECTION_RESET"]);
      assert(one.send(1000));
      assertEquals(one.connection.queuedBytes, 0);
    },
  );

  test("a reset is told at once, without an end", async (stage) => {
    const port = await stage.listen();
    const reset = await stage.until(stage.world.connectRudely(port.address));
    const accepted = await stage.until(port.take(0));
    accepted.send(1000);
    await stage.world.settle();
    assertEquals(accepted.events, []);
    reset();
    await stage.until(accepted.closes());
    assertEquals(accepted.events, ["close CONNECTION_RESET"]);
  });

  test("a reset ends a pause, and a write that waits", async (stage) => {
    const port = await stage.listen();
    const reset = await stage.until(stage.world.connectRudely(port.address));
    const accepted = await stage.until(port.take(0));
    accepted.pause();
    for (let count = 0; count < 64; count++) accepted.send(MIB);
    await stage.world.settle();
    reset();
    await stage.until(accepted.closes());
    assertEquals(accepted.events, ["close CONNECTION_RESET"]);
    assertEquals(accepted.connection.queuedBytes, 0);
  });

  test("a connection that is reset at once does not harm the port", async (stage) => {
    const port = await stage.listen({}, (witness) => {
      witness.onData = () => witness.send(10);
      witness.start();
    });
    for (let count = 0; count < 20; count++) {
      const reset = await stage.until(stage.world.connectRudely(port.address));
      reset();
    }
    const dialed = await stage.dial(port.address);
    dialed.send(1);
    await stage.until(dialed.receives(10));
    for (const accepted of port.accepted.slice(0, -1)) {
      await stage.until(accepted.closes());
      assertEquals(accepted.events, ["close CONNECTION_RESET"]);
    }
  });
}
