// Lists and texts that live long and stay short take no more room as they age.
import { assert, assertEquals } from "@std/assert";
import { JsonCrdt } from "../../../src/crdt/mod.ts";

/** Two documents with something each, which both have. */
function makeTwo() {
  const [one, other] = [new JsonCrdt("one"), new JsonCrdt("other")];
  const meet = () => {
    one.applyDiff(other.encodeDiff(one.clock()));
    other.applyDiff(one.encodeDiff(other.clock()));
  };
  const tell = () => {
    other.acknowledge(one.acknowledgement());
    one.acknowledge(other.acknowledgement());
  };
  one.set(["a"], 1);
  other.set(["b"], 1);
  meet();
  return { one, other, meet, tell };
}

type Act = (one: JsonCrdt, other: JsonCrdt, step: number) => void;

const LENGTH = 10;
const LIST = ["list"];

/** Puts something at one end; what is too much goes at the other. */
function slide(doc: JsonCrdt, isFeed: boolean, value: number | object): void {
  doc.insertAt(LIST, isFeed ? 0 : doc.length(LIST), value as never);
  const count = Math.max(0, doc.length(LIST) - LENGTH);
  if (count > 0) doc.removeAt(LIST, isFeed ? LENGTH : 0, count);
}

const ACTS: { readonly [name: string]: Act } = {
  "a queue of one": (one, _, step) => slide(one, false, step),
  "a queue of two": (one, other, step) =>
    slide(step % 2 === 0 ? one : other, false, step),
  "a queue of objects": (one, other, step) =>
    slide(step % 2 === 0 ? one : other, false, { step }),
  "a feed of two": (one, other, step) =>
    slide(step % 2 === 0 ? one : other, true, step),
  "a list that is set anew": (one, other, step) =>
    (step % 2 === 0 ? one : other).set(LIST, [step]),
  "a text that is written anew": (one, other, step) => {
    const doc = step % 2 === 0 ? one : other;
    if (doc.has(["text"])) {
      doc.insertText(["text"], 0, "y");
      doc.deleteText(["text"], 1, 1);
    } else doc.set(["text"], "x");
  },
};

for (const [name, act] of Object.entries(ACTS)) {
  Deno.test(`${name} takes no more room as time goes on`, () => {
    const { one, other, meet, tell } = makeTwo();
    const sizes: number[] = [];
    for (let step = 0; step < 1200; step++) {
      act(one, other, step);
      meet();
      if (step % 50 === 0) tell();
      if (step % 300 !== 299) continue;
      for (let turn = 0; turn < 4; turn++) {
        tell();
        for (const doc of [one, other]) doc.compact();
      }
      sizes.push(one.snapshot().length);
    }
    const [first = 0, ...later] = sizes;
    assert(Math.max(...later) < first + 50, String(sizes));
    assertEquals(other.toJSON(), one.toJSON());
    assertEquals(
      JsonCrdt.restore("next", one.snapshot()).toJSON(),
      one.toJSON(),
    );
  });
}

Deno.test("polls alone keep a queue as small", () => {
  const [one, other] = [new JsonCrdt("one"), new JsonCrdt("other")];
  let sizeMax = 0;
  for (let step = 0; step < 3000; step++) {
    slide(step % 2 === 0 ? one : other, false, step);
    one.applyDiff(other.encodeDiff(one.clock()));
    other.applyDiff(one.encodeDiff(other.clock()));
    if (step % 20 !== 0) continue;
    other.acknowledge(one.acknowledgement());
    one.acknowledge(other.acknowledgement());
    for (const doc of [one, other]) doc.poll();
    sizeMax = Math.max(sizeMax, one.snapshot().length);
  }
  // Without chains that shrink it would be 18,000 bytes by now.
  assert(sizeMax < 3_000, String(sizeMax));
  assertEquals(other.toJSON(), one.toJSON());
});

Deno.test("polls make a queue small again that has grown while one was away", () => {
  const { one, other, meet, tell } = makeTwo();
  for (let step = 0; step < 12_000; step++) slide(one, false, step);
  meet();
  const grown = one.snapshot().length;
  for (let step = 0; step < 4000; step++) {
    slide(step % 2 === 0 ? one : other, false, step);
    if (step % 10 !== 0) continue;
    meet();
    tell();
    for (const doc of [one, other]) doc.poll();
  }
  assert(grown > 30_000, String(grown));
  assert(one.snapshot().length < 3_000, String(one.snapshot().length));
});

Deno.test("what is compacted leaves nothing that polls have left for later", () => {
  const { one, other, meet, tell } = makeTwo();
  for (let step = 0; step < 2000; step++) {
    one.push(LIST, step);
    one.set(["a"], step);
  }
  // Too little of it goes for polls to be patient no longer.
  for (let turn = 0; turn < 200; turn++) one.removeAt(LIST, 100);
  meet();
  for (let turn = 0; turn < 60; turn++) {
    tell();
    for (const doc of [one, other]) doc.poll();
  }
  const polled = one.snapshot().length;
  one.compact();
  const { length } = one.snapshot();
  const next = JsonCrdt.restore("one", one.snapshot(), { resume: true });
  assert(length < polled, `${polled} ${length}`);
  assertEquals(next.snapshot().length, length);
});

Deno.test("a text that is set anew while its units are forgotten ends nothing", () => {
  const { one, other, meet, tell } = makeTwo();
  one.set(["text"], "x".repeat(3000));
  for (let unit = 2999; unit >= 0; unit -= 4) one.deleteText(["text"], unit, 1);
  meet();
  for (let turn = 0; turn < 5; turn++) {
    tell();
    for (const doc of [one, other]) doc.poll();
  }
  one.set(["text"], "new");
  meet();
  for (let turn = 0; turn < 3; turn++) {
    tell();
    one.compact();
    other.compact();
  }
  assertEquals(other.toJSON(), one.toJSON());
});

Deno.test("operations keep up with a queue, however seldom one polls", () => {
  const { one, other, meet, tell } = makeTwo();
  let registersMax = 0;
  let goneCount = 0;
  one.on("gc", ({ registers }) => goneCount += registers);
  for (let step = 0; step < 10_000; step++) {
    slide(step % 2 === 0 ? one : other, false, { step });
    if (step % 500 !== 0) continue;
    meet();
    tell();
    registersMax = Math.max(registersMax, one.getMetrics().registerCount);
  }
  // What was pushed between three acknowledgements, nearly.
  assert(registersMax < 2000, String(registersMax));
  assert(goneCount > 8000, String(goneCount));
});
