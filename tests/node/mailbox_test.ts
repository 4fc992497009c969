import { assert, assertEquals, assertThrows } from "@std/assert";
import { Mailbox, type MailboxOptions } from "../../src/node/mailbox.ts";
import { ManualClock } from "../support/manual_clock.ts";

const META = { from: "peer" };

function setUp(options: MailboxOptions = {}) {
  const clock = new ManualClock();
  const drops: [count: number, total: number][] = [];
  const failures: unknown[] = [];
  const mailbox = new Mailbox<number>({
    clock,
    dropped: (count, total) => drops.push([count, total]),
    failed: (error) => failures.push(error),
  }, options);
  return { clock, drops, failures, mailbox };
}

Deno.test("messages wait for a handler and come in order", () => {
  const { clock, mailbox } = setUp();
  for (let index = 0; index < 100; index++) mailbox.offer(index, META);
  const seen: number[] = [];
  mailbox.attach((message) => void seen.push(message));
  assertEquals(seen, []);
  clock.turn();
  mailbox.offer(100, META);
  assertEquals(seen, Array.from({ length: 101 }, (_, index) => index));
});

Deno.test("an idle handler is called at once", () => {
  const { mailbox } = setUp();
  const seen: number[] = [];
  mailbox.attach((message) => void seen.push(message));
  mailbox.offer(1, META);
  assertEquals(seen, [1]);
});

Deno.test("the next message waits for the handler's promise", async () => {
  const { mailbox } = setUp();
  const seen: string[] = [];
  const settle: (() => void)[] = [];
  mailbox.attach((message) => {
    seen.push(`start ${message}`);
    return new Promise<void>((resolve) => settle.push(resolve));
  });
  mailbox.offer(1, META);
  mailbox.offer(2, META);
  assertEquals(seen, ["start 1"]);
  settle[0]?.();
  await Promise.resolve();
  assertEquals(seen, ["start 1", "start 2"]);
});

Deno.test("a handler that keeps itself busy lets sockets and timers have their turn", async () => {
  const { clock, mailbox } = setUp();
  let count = 0;
  mailbox.attach(async (message) => {
    await Promise.resolve();
    count++;
    if (count < 100_000) mailbox.offer(message + 1, META);
  });
  mailbox.offer(1, META);
  for (let step = 0; step < 10_000; step++) await Promise.resolve();
  const inOneTurn = count;
  assert(inOneTurn < 2000, `${inOneTurn} deliveries before a turn`);
  clock.turn();
  for (let step = 0; step < 10_000; step++) await Promise.resolve();
  assert(count > inOneTurn);
});

Deno.test("a handler that throws or rejects is told, the next is delivered", async () => {
  const { failures, mailbox } = setUp();
  const seen: number[] = [];
  mailbox.attach((message) => {
    seen.push(message);
    if (message === 1) throw new Error("one");
    if (message === 2) return Promise.reject(new Error("two"));
  });
  mailbox.offer(1, META);
  mailbox.offer(2, META);
  mailbox.offer(3, META);
  await Promise.resolve();
  assertEquals(seen, [1, 2, 3]);
  assertEquals(failures.map(String), ["Error: one", "Error: two"]);
});

Deno.test("a handler may return a thenable that throws, or settles at once or twice", async () => {
  const { failures, mailbox } = setUp();
  const seen: number[] = [];
  const boom = new Error("boom");
  const results: unknown[] = [
    {
      then: () => {
        throw boom;
      },
    },
    {
      get then() {
        throw boom;
      },
    },
    { then: (settle: () => void) => [settle(), settle()] },
    new Promise(() => {}),
  ];
  mailbox.attach((message) => {
    seen.push(message);
    return results[message];
  });
  for (const message of results.keys()) mailbox.offer(message, META);
  mailbox.offer(results.length, META);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(failures, [boom, boom]);
  assertEquals(seen, [0, 1, 2, 3]);
  assertEquals(mailbox.size, 1);
});

Deno.test("a full mailbox drops the newest, counts, and tells once a second", () => {
  const { clock, drops, mailbox } = setUp({ maxSize: 2 });
  for (let index = 0; index < 5; index++) mailbox.offer(index, META);
  assertEquals([mailbox.size, mailbox.droppedCount], [2, 3]);
  assertEquals(drops, [[1, 1]]);
  clock.advance(1000);
  assertEquals(drops, [[1, 1], [2, 3]]);
  clock.advance(1000);
  assertEquals(clock.pendingCount, 0);
  const seen: number[] = [];
  mailbox.attach((message) => void seen.push(message));
  clock.turn();
  assertEquals(seen, [0, 1]);
});

Deno.test("a handler that sends to itself does not starve the others", () => {
  const { clock, mailbox } = setUp({ maxSize: 10 });
  let count = 0;
  mailbox.attach(() => {
    count++;
    mailbox.offer(count, META);
  });
  mailbox.offer(0, META);
  for (let turn = 1; turn <= 3; turn++) {
    clock.turn();
    assertEquals(count <= 1 + 1024 * turn, true);
  }
});

Deno.test("a detached handler gets nothing more, a second one is refused", () => {
  const { clock, mailbox } = setUp();
  const seen: string[] = [];
  const detach = mailbox.attach((message) => void seen.push(`a${message}`));
  assertThrows(() => mailbox.attach(() => {}), TypeError, "second");
  mailbox.offer(1, META);
  detach();
  mailbox.offer(2, META);
  mailbox.attach((message) => void seen.push(`b${message}`));
  clock.turn();
  assertEquals(seen, ["a1", "b2"]);
});

Deno.test("the ring keeps its order while it grows and wraps", () => {
  const { clock, mailbox } = setUp({ maxSize: 100_000 });
  const seen: number[] = [];
  let next = 0;
  for (let round = 1; round < 200; round++) {
    for (let count = 0; count < round; count++) mailbox.offer(next++, META);
    if (round % 7 !== 0) continue;
    const detach = mailbox.attach((message) => void seen.push(message));
    clock.turn();
    detach();
    while (clock.pendingCount > 0) clock.turn();
  }
  mailbox.attach((message) => void seen.push(message));
  while (clock.pendingCount > 0) clock.turn();
  assertEquals(seen, Array.from({ length: next }, (_, index) => index));
});

Deno.test("a closed mailbox takes nothing and keeps no timer", () => {
  const { clock, mailbox } = setUp({ maxSize: 1 });
  mailbox.offer(1, META);
  mailbox.offer(2, META);
  mailbox.close();
  assertEquals(mailbox.offer(3, META), false);
  assertEquals([mailbox.size, clock.pendingCount], [0, 0]);
});

Deno.test("wrong options are named", () => {
  assertThrows(
    () => setUp({ maxSize: 0 }),
    RangeError,
    "Cannot create a mailbox as 'maxSize' must be an integer from 1 to 10000000: current value is 0",
  );
  assertThrows(
    () => setUp({ overflow: "drop-oldest" as "drop-newest" }),
    TypeError,
    "'overflow' must be one of \"drop-newest\"",
  );
});
