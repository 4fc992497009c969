import { assertEquals, assertThrows } from "@std/assert";
import {
  checkBytes,
  checkChoice,
  checkFunction,
  checkInteger,
  checkText,
} from "../../src/base/options.ts";

Deno.test("an integer within its bounds passes", () => {
  assertEquals(checkInteger("x", "n", 3, { min: 3, max: 3 }), 3);
});

Deno.test("other values are refused, naming option, range and value", () => {
  for (const value of [2, 5, 3.5, NaN, Infinity, "3", null, undefined]) {
    assertThrows(
      () => checkInteger("bake", "count", value, { min: 3, max: 4 }),
      RangeError,
      `Cannot bake as 'count' must be an integer from 3 to 4: current value is ${
        typeof value === "string" ? '"3"' : value
      }`,
    );
  }
  assertThrows(
    () => checkInteger("bake", "count", -1, { min: 0 }),
    RangeError,
    "must be an integer of at least 0",
  );
});

Deno.test("a choice must be one of the list", () => {
  assertEquals(checkChoice("x", "mode", "a", ["a", "b"]), "a");
  assertThrows(
    () => checkChoice("bake", "mode", "c", ["a", "b"]),
    TypeError,
    `'mode' must be one of "a", "b": current value is "c"`,
  );
});

Deno.test("a text must not be empty or too long; the message stays short", () => {
  assertEquals(checkText("x", "host", "h", 5), "h");
  for (const value of ["", "x".repeat(1000), 5, undefined]) {
    const error = assertThrows(
      () => checkText("bake", "host", value, 5),
      TypeError,
      "'host' must be a string of 1 to 5 characters",
    );
    assertEquals(error.message.length < 200, true);
  }
});

Deno.test("bytes of any realm pass, and nothing that only looks like them", () => {
  const bytes = new Uint8Array([1]);
  assertEquals(checkBytes("x", "bytes", bytes), bytes);
  // As one that a frame or a test runner's sandbox has made.
  const foreign = Object.setPrototypeOf(new Uint8Array([1]), null);
  Object.defineProperty(foreign, Symbol.toStringTag, { value: "Uint8Array" });
  assertEquals(checkBytes("x", "bytes", foreign) === foreign, true);
  const wrong = [new ArrayBuffer(1), new DataView(new ArrayBuffer(1)), [1], {}];
  const shown = ["an ArrayBuffer; wrap", "a DataView", "an Array", "an Object"];
  for (const [index, value] of wrong.entries()) {
    assertThrows(
      () => checkBytes("bake", "dough", value),
      TypeError,
      `Cannot bake as 'dough' must be a Uint8Array: current value is ${
        shown[index]
      }`,
    );
  }
});

Deno.test("a function must be one", () => {
  assertEquals(checkFunction("x", "act", assertEquals), assertEquals);
  for (const value of [undefined, null, 5n, Object.create(null)]) {
    assertThrows(
      () => checkFunction("bake", "act", value),
      TypeError,
      "Cannot bake as 'act' must be a function: current value is ",
    );
  }
});
