// What every store does, whatever it keeps its bytes in.
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { DistflowError } from "../../src/base/errors.ts";
import {
  DOCUMENT_NAME_SIZE_MAX,
  type SnapshotStore,
} from "../../src/store/mod.ts";

const bytes = (...values: number[]) => new Uint8Array(values);

/** Names that a file system might not like, or not tell apart. */
const NAMES = [
  "a",
  "A",
  "../a",
  "a/b",
  ".",
  "é",
  "😀",
  "x.snapshot",
  "%41",
  "a\0b",
  "\ufeffa",
];

/** Names that take as many bytes as a name may. */
const LONGEST = [
  "x".repeat(DOCUMENT_NAME_SIZE_MAX),
  `${"A".repeat(73)}x`,
  `${"é".repeat(36)}abcd`,
  `${"😀".repeat(18)}abcd`,
];

/**
 * Runs the rules on stores that `open` makes; a second store on the same
 * `place` finds what the first one kept.
 */
export function testSnapshotStore(
  kind: string,
  withPlace: (
    test: (open: () => SnapshotStore) => Promise<void>,
  ) => Promise<void>,
): void {
  const rule = (
    name: string,
    test: (open: () => SnapshotStore) => Promise<void>,
  ) => Deno.test(`${kind}: ${name}`, () => withPlace(test));

  rule("a document that was never saved is undefined", async (open) => {
    const store = open();
    assertEquals(await store.load("a"), undefined);
    assertEquals(await store.names(), []);
    await store.close();
  });

  rule("what was saved is there for the next store", async (open) => {
    const store = open();
    await store.save("a", bytes(1, 2));
    await store.append("a", bytes(3));
    await store.append("a", bytes());
    await store.close();
    const next = open();
    assertEquals(await next.load("a"), {
      snapshot: bytes(1, 2),
      messages: [bytes(3), bytes()],
    });
    await next.append("a", bytes(4));
    assertEquals((await next.load("a"))?.messages, [
      bytes(3),
      bytes(),
      bytes(4),
    ]);
    await next.close();
  });

  rule("a snapshot replaces the one before and its messages", async (open) => {
    const store = open();
    await store.save("a", bytes(1, 1, 1, 1));
    await store.append("a", bytes(2));
    await store.save("a", bytes(3));
    assertEquals(await store.load("a"), { snapshot: bytes(3), messages: [] });
    await store.append("a", bytes(4));
    assertEquals((await store.load("a"))?.messages, [bytes(4)]);
    await store.close();
  });

  rule(
    "two stores that write in turn keep what the other wrote",
    async (open) => {
      const [one, other] = [open(), open()];
      for (const [index, store] of [one, other, one, one, other].entries()) {
        await store.append("a", bytes(index));
      }
      const all = [0, 1, 2, 3, 4].map((index) => bytes(index));
      assertEquals((await one.load("a"))?.messages, all);
      await other.save("a", bytes(9));
      await one.append("a", bytes(5));
      await other.append("a", bytes(6));
      assertEquals(await one.load("a"), {
        snapshot: bytes(9),
        messages: [bytes(5), bytes(6)],
      });
      await one.close();
      await other.close();
    },
  );

  rule("messages may come before any snapshot", async (open) => {
    const store = open();
    await store.append("a", bytes(1));
    assertEquals(await store.load("a"), {
      snapshot: undefined,
      messages: [bytes(1)],
    });
    await store.close();
  });

  rule("documents have any names and do not mix", async (open) => {
    const store = open();
    for (const [index, name] of NAMES.entries()) {
      await store.save(name, bytes(index));
      await store.append(name, bytes(index, index));
    }
    assertEquals(await store.names(), [...NAMES].sort());
    for (const [index, name] of NAMES.entries()) {
      assertEquals(await store.load(name), {
        snapshot: bytes(index),
        messages: [bytes(index, index)],
      });
    }
    await store.remove("A");
    await store.remove("never saved");
    assertEquals(await store.load("A"), undefined);
    assertEquals((await store.load("a"))?.snapshot, bytes(0));
    await store.close();
  });

  rule("a name that is none is refused", async (open) => {
    const store = open();
    const tooLong = LONGEST.map((name) => `${name}x`);
    for (
      const name of ["", "\ud800", "é".repeat(1e6), 7 as never, ...tooLong]
    ) {
      await assertRejects(() => store.save(name, bytes()), TypeError);
      await assertRejects(() => store.load(name), TypeError);
    }
    assertEquals(await store.names(), []);
    await store.close();
  });

  rule("what is no bytes is refused", async (open) => {
    const store = open();
    for (const bytes of ["abc", [1, 2], new ArrayBuffer(2), null, undefined]) {
      await assertRejects(() => store.save("a", bytes as never), TypeError);
      await assertRejects(() => store.append("a", bytes as never), TypeError);
    }
    assertEquals(await store.load("a"), undefined);
    await store.close();
  });

  rule("the longest names are kept as any others", async (open) => {
    const store = open();
    for (const [index, name] of LONGEST.entries()) {
      await store.save(name, bytes(index));
      await store.append(name, bytes(index));
      assertEquals(await store.load(name), {
        snapshot: bytes(index),
        messages: [bytes(index)],
      });
    }
    assertEquals(await store.names(), LONGEST.toSorted());
    await store.close();
  });

  rule("calls that overlap are done in their order", async (open) => {
    const store = open();
    const calls = [store.save("a", bytes(0))];
    for (let index = 1; index < 20; index++) {
      calls.push(store.append("a", bytes(index)));
      if (index === 10) calls.push(store.save("a", bytes(10)));
    }
    await Promise.all(calls);
    assertEquals(await store.load("a"), {
      snapshot: bytes(10),
      messages: Array.from({ length: 9 }, (_, index) => bytes(11 + index)),
    });
    await store.close();
  });

  rule("what the caller changes afterwards does not matter", async (open) => {
    const store = open();
    const [snapshot, message] = [bytes(1), bytes(2)];
    const calls = [store.save("a", snapshot), store.append("a", message)];
    // Whose `slice` is no copy.
    const buffer = Buffer.from([3]);
    calls.push(store.save("b", buffer), store.append("b", buffer));
    snapshot[0] = message[0] = buffer[0] = 9;
    await Promise.all(calls);
    assertEquals(await store.load("a"), {
      snapshot: bytes(1),
      messages: [bytes(2)],
    });
    assertEquals(await store.load("b"), {
      snapshot: bytes(3),
      messages: [bytes(3)],
    });
    await store.close();
  });

  rule("what was begun before it is closed is done", async (open) => {
    const store = open();
    const calls = [store.save("a", bytes(1)), store.append("a", bytes(2))];
    await store.close();
    await Promise.all(calls);
    const next = open();
    assertEquals(await next.load("a"), {
      snapshot: bytes(1),
      messages: [bytes(2)],
    });
    await next.close();
  });

  rule("a closed store refuses everything but to be closed", async (open) => {
    const store = open();
    await store.save("a", bytes(1));
    const closing = store.close();
    const acts = [
      () => store.load("a"),
      () => store.save("a", bytes(2)),
      () => store.append("a", bytes(2)),
      () => store.names(),
      () => store.remove("a"),
    ];
    for (const act of acts) {
      const error = await assertRejects(act, DistflowError);
      assertEquals(error.code, "STORE_UNAVAILABLE");
      assertStringIncludes(error.message, "it was closed");
    }
    await closing;
    await store.close();
    const next = open();
    assertEquals((await next.load("a"))?.snapshot, bytes(1));
    await next.close();
  });
}
