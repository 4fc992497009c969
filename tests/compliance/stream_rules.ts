import { assert, assertEquals, assertLess } from "@std/assert";
import { SeededRandom } from "../../src/base/random.ts";
import type { RuleTest } from "./stage.ts";
import type { Witness } from "./witness.ts";

const MIB = 1024 * 1024;

/** Around the sizes at which some layer begins a new piece. */
const SIZES = [0, 1, 2, 3, 1447, 1448, 1449, 4095, 4096, 4097, 16384, 65535]
  .concat(65536, 65537, 262143, 262144, 262145, 700_000);

/** Rounds of the test for small delays. */
const ROUND_COUNT = 25;

/** A peer's acknowledgement is delayed by 40 ms, which Nagle would wait for. */
const ROUND_MS_MAX = 35;

/** Writes of many sizes, `byteCount` in all, with and without regard for no. */
function pumpAll(witness: Witness, byteCount: number, seed: number): void {
  const random = new SeededRandom(seed);
  const go = (): void => {
    for (const size of SIZES) witness.send(size);
    while (witness.sentCount < byteCount) {
      const rest = byteCount - witness.sentCount;
      const size = Math.min(rest, random.below(random.pick(SIZES) + 1));
      if (!witness.send(size)) return;
    }
    witness.endSide();
  };
  witness.onDrain = go;
  go();
}

/** How bytes travel. */
export function streamRules(test: RuleTest): void {
  test("bytes arrive whole and in order, however they are cut", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    pumpAll(dialed, 6 * MIB, 1);
    pumpAll(accepted, 5 * MIB, 2);
    await stage.untilAll(dialed.closes(), accepted.closes());
    stage.checkWitnesses();
    assert(dialed.sentCount >= 6 * MIB && accepted.sentCount >= 5 * MIB);
    assertEquals(accepted.receivedCount, dialed.sentCount);
    assertEquals(dialed.receivedCount, accepted.sentCount);
  });

  test("thousands of small writes in one turn arrive", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    for (let count = 0; count < 20_000; count++) dialed.send(count % 7);
    await stage.until(accepted.receives(dialed.sentCount));
  });

  test("small writes are not held back", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    const roundsMs: number[] = [];
    for (let round = 1; round <= ROUND_COUNT; round++) {
      const startMs = stage.world.clock.monotonicMs();
      for (const [from, to] of [[dialed, accepted], [accepted, dialed]]) {
        assert(from !== undefined && to !== undefined);
        // The second of two small writes is what Nagle's algorithm holds back.
        from.send(10);
        await stage.until(to.receives(from.sentCount));
        from.send(10);
        from.send(10);
        await stage.until(to.receives(from.sentCount));
      }
      roundsMs.push(stage.world.clock.monotonicMs() - startMs);
    }
    const median = roundsMs.sort((a, b) => a - b)[ROUND_COUNT >> 1] ?? Infinity;
    assertLess(median, ROUND_MS_MAX);
  });

  test("what came before start waits for it", async (stage) => {
    const greet = (witness: Witness): void => {
      witness.send(1000);
      witness.endSide();
      witness.start();
    };
    const { dialed, accepted } = await stage.pair(greet, greet);
    await stage.untilAll(dialed.closes(), accepted.closes());
    for (const { receivedCount, events } of [dialed, accepted]) {
      assertEquals([receivedCount, ...events], [1000, "end", "close"]);
    }
  });

  test("bytes hold still while they are told, whatever is called", async (stage) => {
    const { dialed, accepted } = await stage.pair();
    accepted.onData = () => {
      accepted.send(accepted.receivedCount);
      accepted.pause();
      accepted.resume();
      if (accepted.receivedCount === MIB) accepted.endSide();
    };
    dialed.pump(MIB, 50_000);
    await stage.until(dialed.when(() => dialed.hasPeerEnded));
    dialed.endSide();
    await stage.untilAll(dialed.closes(), accepted.closes());
    stage.checkWitnesses();
    assertEquals(accepted.receivedCount, MIB);
    assertEquals(dialed.receivedCount, accepted.sentCount);
  });

  test("many connections at once keep apart", async (stage) => {
    const port = await stage.listen({}, (witness) => {
      witness.onData = () => {
        const missing = witness.receivedCount - witness.sentCount;
        witness.send(missing);
      };
      witness.onEnd = () => witness.endSide();
      witness.start();
    });
    const dialing = Array.from(
      { length: 200 },
      () => stage.dialing(port.address),
    );
    const all = await stage.until(Promise.all(dialing));
    for (const [index, witness] of all.entries()) {
      witness.pump(1 + index * 500, 1 + index * 50);
    }
    await stage.untilAll(
      ...all.map((witness) => witness.receives(witness.sentCount)),
    );
    for (const witness of all) witness.endSide();
    await stage.untilAll(
      ...all.map((witness) => witness.closes()),
      ...port.accepted.map((witness) => witness.closes()),
    );
    assertEquals(port.accepted.length, all.length);
    for (const [index, { receivedCount, events }] of all.entries()) {
      assertEquals(receivedCount, 1 + index * 500);
      assertEquals(events.filter((event) => event !== "drain"), [
        "end",
        "close",
      ]);
    }
  });
}
