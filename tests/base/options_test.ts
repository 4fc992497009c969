import { assertEquals, assertThrows } from "@std/assert";
import {
  checkChoice,
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
