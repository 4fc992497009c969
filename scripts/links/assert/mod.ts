// The plain JavaScript of @std/assert, as npm has it, with its types written
// out: JSR is not needed to work on distflow. Consumers never see this file.
import * as std from "npm:deno-std@1.4.0/assert/mod.js";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

interface Assertions {
  assert(value: unknown, message?: string): asserts value;
  assertAlmostEquals(
    actual: number,
    expected: number,
    tolerance?: number,
    message?: string,
  ): void;
  assertArrayIncludes<T>(
    actual: ArrayLike<T>,
    expected: ArrayLike<T>,
    message?: string,
  ): void;
  assertEquals<T>(actual: T, expected: T, message?: string): void;
  assertExists<T>(
    actual: T,
    message?: string,
  ): asserts actual is NonNullable<T>;
  assertFalse(value: unknown, message?: string): asserts value is false;
  assertGreater<T>(actual: T, expected: T, message?: string): void;
  assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void;
  assertInstanceOf<T>(
    actual: unknown,
    // deno-lint-ignore no-explicit-any
    expected: abstract new (...args: any[]) => T,
    message?: string,
  ): asserts actual is T;
  assertLess<T>(actual: T, expected: T, message?: string): void;
  assertLessOrEqual<T>(actual: T, expected: T, message?: string): void;
  assertMatch(actual: string, expected: RegExp, message?: string): void;
  assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  assertNotMatch(actual: string, expected: RegExp, message?: string): void;
  assertNotStrictEquals<T>(actual: T, expected: T, message?: string): void;
  assertObjectMatch(
    actual: object,
    expected: object,
    message?: string,
  ): void;
  assertRejects(
    fn: () => PromiseLike<unknown>,
    message?: string,
  ): Promise<unknown>;
  assertRejects<E extends Error>(
    fn: () => PromiseLike<unknown>,
    errorClass: ErrorClass<E>,
    messageIncludes?: string,
    message?: string,
  ): Promise<E>;
  assertStrictEquals<T>(
    actual: unknown,
    expected: T,
    message?: string,
  ): asserts actual is T;
  assertStringIncludes(
    actual: string,
    expected: string,
    message?: string,
  ): void;
  assertThrows(fn: () => unknown, message?: string): unknown;
  assertThrows<E extends Error>(
    fn: () => unknown,
    errorClass: ErrorClass<E>,
    messageIncludes?: string,
    message?: string,
  ): E;
  fail(message?: string): never;
  unreachable(message?: string): never;
}

const typed = std as unknown as Assertions;

export const assert: Assertions["assert"] = typed.assert;
export const assertAlmostEquals: Assertions["assertAlmostEquals"] =
  typed.assertAlmostEquals;
export const assertArrayIncludes: Assertions["assertArrayIncludes"] =
  typed.assertArrayIncludes;
export const assertEquals: Assertions["assertEquals"] = typed.assertEquals;
export const assertExists: Assertions["assertExists"] = typed.assertExists;
export const assertFalse: Assertions["assertFalse"] = typed.assertFalse;
export const assertGreater: Assertions["assertGreater"] = typed.assertGreater;
export const assertGreaterOrEqual: Assertions["assertGreaterOrEqual"] =
  typed.assertGreaterOrEqual;
export const assertInstanceOf: Assertions["assertInstanceOf"] =
  typed.assertInstanceOf;
export const assertLess: Assertions["assertLess"] = typed.assertLess;
export const assertLessOrEqual: Assertions["assertLessOrEqual"] =
  typed.assertLessOrEqual;
export const assertMatch: Assertions["assertMatch"] = typed.assertMatch;
export const assertNotEquals: Assertions["assertNotEquals"] =
  typed.assertNotEquals;
export const assertNotMatch: Assertions["assertNotMatch"] =
  typed.assertNotMatch;
export const assertNotStrictEquals: Assertions["assertNotStrictEquals"] =
  typed.assertNotStrictEquals;
export const assertObjectMatch: Assertions["assertObjectMatch"] =
  typed.assertObjectMatch;
export const assertRejects: Assertions["assertRejects"] = typed.assertRejects;
export const assertStrictEquals: Assertions["assertStrictEquals"] =
  typed.assertStrictEquals;
export const assertStringIncludes: Assertions["assertStringIncludes"] =
  typed.assertStringIncludes;
export const assertThrows: Assertions["assertThrows"] = typed.assertThrows;
export const fail: Assertions["fail"] = typed.fail;
export const unreachable: Assertions["unreachable"] = typed.unreachable;
