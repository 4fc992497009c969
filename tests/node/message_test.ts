import { assertEquals, assertThrows } from "@std/assert";
import { encodeMessage } from "../../src/node/message.ts";
import { JSON_DEPTH_MAX } from "../../src/wire/limits.ts";

const LONG = "x".repeat(4 * JSON_DEPTH_MAX);

function nested(depth: number): unknown {
  let value: unknown = 0;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

/** What is too deep for a message that has one more level around it. */
const TOO_DEEP = nested(JSON_DEPTH_MAX);

class Letter {
  toJSON(): unknown {
    return nested(JSON_DEPTH_MAX + 1);
  }
}

Deno.test("what is nested too deep is not sent, wherever it hides", () => {
  const messages = [
    { LONG, value: TOO_DEEP },
    [LONG, TOO_DEEP],
    { ...Array(100).fill(1), LONG, value: TOO_DEEP },
    {
      LONG,
      get value(): unknown {
        return TOO_DEEP;
      },
    },
    { LONG, toJSON: (): unknown => [TOO_DEEP] },
    { LONG, value: new Letter() },
    new Letter(),
    Object.assign(() => {}, { toJSON: (): unknown => [TOO_DEEP] }),
    Object.assign([LONG], { toJSON: (): unknown => [TOO_DEEP] }),
  ];
  for (const message of messages) {
    assertThrows(() => encodeMessage(message), Error, "nested deeper");
  }
});

Deno.test("what is nested just deep enough is sent", () => {
  const message = { LONG, value: nested(JSON_DEPTH_MAX - 1) };
  assertEquals(encodeMessage(message), JSON.stringify(message));
});

Deno.test("a getter is called once for each message", () => {
  let count = 0;
  const message = {
    LONG,
    get count(): number {
      return count++;
    },
  };
  for (let number = 0; number < 3; number++) {
    assertEquals(JSON.parse(encodeMessage(message)).count, number);
  }
});

Deno.test("a long text is sent as it is, whatever brackets it has", () => {
  const text = "[{".repeat(4 * JSON_DEPTH_MAX);
  for (const message of [text, { text }, [text], [[text]]]) {
    assertEquals(JSON.parse(encodeMessage(message)), message);
  }
});
