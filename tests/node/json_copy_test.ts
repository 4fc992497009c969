import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { copyJson } from "../../src/node/json_copy.ts";

const BYTES_MAX = 1024 * 1024;

/** What JSON makes of a value: the model. */
function throughText(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Fails unless the copy is what JSON makes of `value`, to the last detail. */
function assertSame(value: unknown): void {
  const copied = copyJson(value, BYTES_MAX);
  if (copied === undefined) return;
  const model = throughText(value);
  assertEquals(copied, model);
  // The order of fields, and 0 instead of -0.
  assertEquals(JSON.stringify(copied), JSON.stringify(model));
  assert(!hasNegativeZero(copied));
}

function hasNegativeZero(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return Object.is(value, -0);
  return Object.values(value).some(hasNegativeZero);
}

const anyKey = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(..."id text 0 1 __proto__ constructor toString".split(" ")),
  fc.constantFrom("toJSON", "length", "valueOf", "\u2028", "\ud800"),
);

/** What programs send, and much of what they should not. */
const anyValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, depthSize: "small" },
    fc.string({ unit: "binary" }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(null, undefined, NaN, -0, Infinity, "\ud800", "\0"),
    fc.date({ noInvalidDate: false }),
    fc.constantFrom(() => 1, Symbol("s"), new Map([[1, 2]]), /x/),
    fc.constantFrom(new String("s"), new Number(1), new Uint8Array(3)),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.sparseArray(tie("value"), { maxLength: 5 }),
    fc.dictionary(anyKey, tie("value"), { maxKeys: 5 }),
    fc.dictionary(anyKey, tie("value"), { maxKeys: 5, noNullPrototype: true }),
    tie("value").map((value) => ({ toJSON: () => value })),
    tie("value").map((value) => ({
      get got() {
        return value;
      },
      [Symbol("hidden")]: value,
    })),
    tie("value").map((value) =>
      Object.defineProperty({ seen: 1 }, "hidden", { value })
    ),
    tie("value").map((value) => Object.create({ inherited: value })),
    tie("value").map((value) =>
      class Item {
        value = value;
      }
    ).map((Item) => new Item()),
  ),
})).value;

Deno.test("a copy is what the text would bring, whatever the value is", () => {
  let copiedCount = 0;
  fc.assert(
    fc.property(anyValue, (value) => {
      // A function, a symbol or undefined has no JSON.
      if (JSON.stringify(value) === undefined) {
        assertEquals(copyJson(value, BYTES_MAX), undefined);
      } else assertSame(value);
      if (copyJson(value, BYTES_MAX) !== undefined) copiedCount++;
    }),
    { numRuns: 2000 },
  );
  assert(copiedCount > 500, `${copiedCount} were copied`);
});

/** Among them, on Node.js only, `__proto__`. */
const INHERITED = [
  "__proto__",
  ...Object.getOwnPropertyNames(Object.prototype),
];

Deno.test("all plain JSON is copied, and shares nothing with the original", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = JSON.stringify(value);
    const isOdd = INHERITED.some((name) => text.includes(`"${name}":`));
    const copied = copyJson(value, BYTES_MAX);
    if (copied === undefined) return assert(isOdd);
    assertEquals(copied, throughText(value));
    assertNothingShared(value, copied);
  }));
});

function assertNothingShared(one: unknown, other: unknown): void {
  if (typeof one !== "object" || one === null) return;
  assert(one !== other);
  for (const key of Object.keys(one)) {
    const [a, b] = [one, other] as Record<string, unknown>[];
    assertNothingShared(a?.[key], b?.[key]);
  }
}

Deno.test("fields that are undefined are left out, and items are null", () => {
  assertEquals(copyJson({ a: undefined, b: [undefined, , 1] }, BYTES_MAX), {
    b: [null, null, 1],
  });
});

Deno.test("what JSON treats in a way of its own is left to it", () => {
  class Point {
    x = 1;
  }
  const values = [
    undefined,
    () => 1,
    Symbol("s"),
    1n,
    new Date(0),
    new Map(),
    new Point(),
    new String("s"),
    Object.create(null),
    { toJSON: () => 1 },
    Object.assign([1], { toJSON: () => 1 }),
    JSON.parse('{"__proto__":{"x":1}}'),
    { toString: 1 },
    class extends Array {}.from([1]),
  ];
  for (const value of values) {
    assertEquals(copyJson(value, BYTES_MAX), undefined);
    assertEquals(
      copyJson({ value: [value] }, BYTES_MAX),
      value === undefined ? { value: [null] } : undefined,
    );
  }
});

Deno.test("a prototype that was changed is noticed", () => {
  const changes: readonly [object, PropertyDescriptor & { key: string }][] = [
    [Object.prototype, { key: "toJSON", value: () => 7 }],
    [Array.prototype, { key: "toJSON", value: () => 7 }],
    [Object.prototype, { key: "extra", value: 7, enumerable: true }],
    [Object.prototype, { key: "a", set: () => {} }],
    [Object.prototype, { key: "a", value: 7, writable: false }],
  ];
  for (const [prototype, { key, ...descriptor }] of changes) {
    Object.defineProperty(prototype, key, {
      ...descriptor,
      configurable: true,
    });
    try {
      const value = { a: [1], b: { a: 2 } };
      const copied = copyJson(value, BYTES_MAX);
      const isSame = copied === undefined ||
        JSON.stringify(copied) === JSON.stringify(throughText(value));
      assert(isSame, `${key} was not noticed`);
    } finally {
      Reflect.deleteProperty(prototype, key);
    }
  }
  assertEquals(copyJson({ a: 1 }, BYTES_MAX), { a: 1 });
});

Deno.test("cycles, depth, and trees that branch without end come to an end", () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  assertEquals(copyJson(cycle, BYTES_MAX), undefined);
  let deep: unknown = 1;
  for (let level = 0; level < 10_000; level++) deep = [deep];
  assertEquals(copyJson(deep, BYTES_MAX), undefined);
  let wide: unknown = "leaf";
  for (let level = 0; level < 60; level++) wide = [wide, wide];
  assertEquals(copyJson(wide, BYTES_MAX), undefined);
  assertEquals(copyJson(new Array(2 ** 32 - 1), BYTES_MAX), undefined);
});

Deno.test("no copy is made of what its text would be too large for", () => {
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(
      anyValue,
      fc.integer({ min: 2, max: 2000 }),
      (value, bytesMax) => {
        if (copyJson(value, bytesMax) === undefined) return;
        const byteCount = encoder.encode(JSON.stringify(value)).length;
        assert(byteCount + 2 <= bytesMax);
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("what a getter throws is thrown on", () => {
  const value = {
    get broken() {
      throw new RangeError("no");
    },
  };
  assertThrows(() => copyJson(value, BYTES_MAX), RangeError);
});
