import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../src/base/random.ts";
import { EventQueue, type SimEvent } from "../../src/sim/event_queue.ts";

function takeAll(queue: EventQueue): void {
  for (let run = queue.take(); run !== undefined; run = queue.take()) run();
}

Deno.test("events happen in the order of their times", () => {
  const queue = new EventQueue();
  const seen: number[] = [];
  for (const atUs of [30, 10, 20]) queue.add(atUs, () => seen.push(atUs));
  takeAll(queue);
  assertEquals(seen, [10, 20, 30]);
});

Deno.test("events of one moment happen in the order they were added", () => {
  const queue = new EventQueue();
  const seen: number[] = [];
  for (let index = 0; index < 100; index++) {
    queue.add(5, () => seen.push(index));
  }
  takeAll(queue);
  assertEquals(seen, Array.from({ length: 100 }, (_, index) => index));
});

Deno.test("a cancelled event does not happen and is not counted", () => {
  const queue = new EventQueue();
  const event = queue.add(1, () => {
    throw new Error("A cancelled event happened");
  });
  queue.cancel(event);
  queue.cancel(event);
  assertEquals(queue.size, 0);
  assertEquals(queue.nextAtUs, undefined);
  assertEquals(queue.take(), undefined);
});

Deno.test("cancelling an event that happened changes nothing", () => {
  const queue = new EventQueue();
  const first = queue.add(1, () => {});
  queue.add(2, () => {});
  queue.take();
  queue.cancel(first);
  assertEquals(queue.size, 1);
  assertEquals(queue.nextAtUs, 2);
});

Deno.test("a queue does what a sorted list does, whatever is cancelled", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = new SeededRandom(seed);
    const queue = new EventQueue();
    let model: { event: SimEvent; id: number }[] = [];
    const seen: number[] = [];
    const expected: number[] = [];
    for (let id = 0; id < 1500; id++) {
      const choice = random.below(10);
      if (choice < 6) {
        const event = queue.add(random.below(50), () => seen.push(id));
        model.push({ event, id });
        model.sort((a, b) => a.event.atUs - b.event.atUs);
      } else if (choice < 9 && model.length > 0) {
        const chosen = random.pick(model);
        queue.cancel(chosen.event);
        model = model.filter((each) => each !== chosen);
      } else {
        queue.take()?.();
        const first = model.shift();
        if (first !== undefined) expected.push(first.id);
      }
      assertEquals(queue.size, model.length);
      assertEquals(queue.nextAtUs, model[0]?.event.atUs);
    }
    takeAll(queue);
    expected.push(...model.map((each) => each.id));
    assertEquals(seen, expected);
  }
});
