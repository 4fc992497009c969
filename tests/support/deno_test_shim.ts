// Gives Node.js what the tests use of Deno: `Deno.test`, on `node:test`.
// Loaded with `node --import`, before a test file.
import { test, type TestContext } from "node:test";

interface StepContext {
  readonly name: string;
  step(name: string, fn: (t: StepContext) => unknown): Promise<boolean>;
}

type TestFunction = (t: StepContext) => unknown;

interface TestDefinition {
  readonly name?: string;
  readonly ignore?: boolean;
  readonly only?: boolean;
  readonly fn?: TestFunction;
}

function denoTest(
  nameOrDefinition: string | TestDefinition,
  fnOrOptions?: TestFunction | TestDefinition,
  maybeFn?: TestFunction,
): void {
  const options = typeof fnOrOptions === "object" ? fnOrOptions : {};
  const definition: TestDefinition = typeof nameOrDefinition === "string"
    ? { ...options, name: nameOrDefinition }
    : { ...nameOrDefinition, ...options };
  const fn = maybeFn ??
    (typeof fnOrOptions === "function" ? fnOrOptions : definition.fn);
  if (fn === undefined) throw new TypeError("Cannot test without a function");
  test(
    definition.name ?? fn.name,
    { skip: definition.ignore ?? false },
    (context) => Promise.resolve(fn(stepContext(context))).then(() => {}),
  );
}

function stepContext(context: TestContext): StepContext {
  return {
    name: context.name,
    async step(name, fn) {
      await context.test(name, async (inner) => {
        await fn(stepContext(inner));
      });
      return true;
    },
  };
}

Object.assign(globalThis, { Deno: { test: denoTest } });
