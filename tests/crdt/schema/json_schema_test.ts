import { assert, assertEquals } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import { isRecord, type JsonValue } from "../../../src/base/json.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import type { Step } from "../../../src/crdt/pattern.ts";
import { compileSchema } from "../../../src/crdt/schema/json_schema.ts";
import { obeysOwnPath } from "../../../src/crdt/schema/own_path.ts";
import { findViolations } from "../../../src/crdt/schema/violations.ts";

const USERS = compileSchema({
  type: "object",
  additionalProperties: false,
  properties: {
    title: { $ref: "#/$defs/name" },
    users: { additionalProperties: { $ref: "#/$defs/user" } },
    scores: { type: "array", items: { type: "integer", maximum: 10 } },
    role: { anyOf: [{ const: "admin" }, { type: "integer" }] },
  },
  $defs: {
    name: { type: "string", pattern: "^[A-Z]", maxLength: 5 },
    user: {
      type: "object",
      required: ["name"],
      additionalProperties: false,
      properties: {
        name: { $ref: "#/$defs/name" },
        age: { type: "integer", minimum: 0 },
        friends: { additionalProperties: { $ref: "#/$defs/user" } },
      },
    },
  },
});

function permits(path: Step[], value: JsonValue): boolean {
  return obeysOwnPath(USERS, path, { kind: "value", value });
}

Deno.test("a value is judged by type, range, pattern, length and enum", () => {
  const cases: [Step[], JsonValue, boolean][] = [
    [["title"], "Good", true],
    [["title"], "good", false],
    [["title"], "Goooood", false],
    [["title"], 1, false],
    [["users", "7", "age"], 30, true],
    [["users", "7", "age"], -1, false],
    [["users", "7", "age"], 1.5, false],
    [["users", "7", "friends", "8", "age"], "old", false],
    [["scores", 3], 10, true],
    [["scores", 3], 11, false],
    [["role"], "admin", true],
    [["role"], "guest", false],
  ];
  for (const [path, value, isPermitted] of cases) {
    assertEquals(permits(path, value), isPermitted, JSON.stringify(path));
  }
});

Deno.test("a key that is not permitted is not, nor is anything below", () => {
  assert(!permits(["other"], 1));
  assert(!permits(["users", "7", "mail"], "a@b"));
  assert(!permits(["users", "7", "mail", "deep"], 1));
  assert(!permits(["title", "below a text"], 1));
  assert(!permits(["scores", "not an index"], 1));
});

Deno.test("containers are judged by their type alone", () => {
  const kinds = (path: Step[]) =>
    (["map", "list", "count"] as const)
      .filter((kind) => obeysOwnPath(USERS, path, { kind }));
  assertEquals(kinds(["users", "7"]), ["map"]);
  assertEquals(kinds(["scores"]), ["list"]);
  assertEquals(kinds(["users", "7", "age"]), ["count"]);
});

Deno.test("a value that is put as a whole obeys in all that is in it", () => {
  assert(permits(["users", "7"], { age: 3 }));
  assert(!permits(["users", "7"], { age: "old" }));
  assert(!permits(["users", "7"], { mail: "a@b" }));
  assert(!permits(["scores"], [1, 2, 30]));
});

Deno.test("keys of prototypes are keys like others", () => {
  const schema = compileSchema(JSON.parse(
    '{"properties":{"__proto__":{"type":"number"}},"additionalProperties":false}',
  ));
  const kind = "value";
  assert(obeysOwnPath(schema, ["__proto__"], { kind, value: 1 }));
  assert(!obeysOwnPath(schema, ["__proto__"], { kind, value: "x" }));
  assert(!obeysOwnPath(schema, ["constructor"], { kind, value: 1 }));
});

Deno.test("rules across fields are told as violations", () => {
  const schema = compileSchema({
    required: ["a"],
    dependentRequired: { b: ["c"] },
    minProperties: 2,
    properties: {
      list: { minItems: 2, uniqueItems: true, contains: { const: 7 } },
    },
    oneOf: [{ required: ["x"] }, { required: ["y"] }],
    if: { required: ["b"] },
    then: { maxProperties: 1 },
  });
  const found = findViolations(schema, { b: 1, list: [1, 1], x: 1, y: 1 })
    .map(({ path, keyword }) => `${path.join(".")} ${keyword}`);
  assertEquals(found.sort(), [
    " maxProperties",
    " oneOf",
    "a required",
    "c dependentRequired",
    "list contains",
    "list uniqueItems",
  ]);
});

Deno.test("a schema that leads to itself, or asks without end, is no trap", () => {
  const loop = compileSchema({ allOf: [{ $ref: "#" }], type: "object" });
  assert(obeysOwnPath(loop, ["a"], { kind: "count" }));
  assertEquals(findViolations(loop, 7)[0]?.keyword, "type");
  let twice: JsonValue = { type: "integer" };
  for (let level = 0; level < 40; level++) twice = { allOf: [twice, twice] };
  // Shared parts are read once, so reading it takes no time either.
  const wide = compileSchema(twice);
  assert(obeysOwnPath(wide, [], { kind: "value", value: "x" }));
  findViolations(wide, "x");
});

Deno.test("keywords that say nothing right are left out", () => {
  const odd = compileSchema({
    type: "unknown",
    pattern: "(",
    minimum: "3",
    $ref: "https://example.com/other",
    properties: 7,
    allOf: {},
    required: [1],
  });
  assertEquals(findViolations(odd, { a: 1 }), []);
  assertEquals(findViolations(compileSchema(false), 1).length, 1);
  assertEquals(findViolations(compileSchema(true), 1), []);
});

// Ajv passes over "__proto__", which is a key like others here.
const NAMES = ["a", "b", "c"];

/** A schema of everything, drawn from `random`. */
function anySchema(random: SeededRandom, depth: number): JsonValue {
  if (random.chance(8)) return random.chance(70);
  const schema: Record<string, JsonValue> = {};
  const deeper = () => anySchema(random, depth + 1);
  const some = (name: string, percent: number, make: () => JsonValue) => {
    if (random.chance(percent)) schema[name] = make();
  };
  const entries = () =>
    JSON.parse(
      `{${
        NAMES.filter(() => random.chance(50))
          .map((name) => `"${name}":${JSON.stringify(deeper())}`).join()
      }}`,
    );
  some("type", 30, () =>
    random.pick([
      "object",
      "array",
      "string",
      "integer",
      "number",
      ["object", "null"],
      ["array", "integer"],
    ]));
  some("enum", 6, () => [1, "a", null, { a: 1 }]);
  some("const", 4, () => random.pick([2, "b"]));
  some("minimum", 10, () => random.below(4));
  some("exclusiveMaximum", 10, () => random.below(8));
  some("multipleOf", 5, () => 2);
  some("minLength", 5, () => random.below(3));
  some("maxLength", 5, () => 1);
  some("pattern", 5, () => random.pick(["^a", "b$"]));
  some("maxItems", 5, () => random.below(3));
  some("minItems", 5, () => random.below(3));
  some("uniqueItems", 10, () => true);
  some("minProperties", 5, () => random.below(3));
  some("maxProperties", 5, () => random.below(3));
  some("required", 5, () => [random.pick(NAMES)]);
  some("dependentRequired", 5, () => ({ a: ["b"] }));
  some("$ref", 5, () => "#/$defs/shared");
  if (depth > 2) return schema;
  some("properties", 60, entries);
  some("patternProperties", 10, () => ({ "^a": deeper() }));
  some("additionalProperties", 25, deeper);
  some("propertyNames", 4, () => ({ minLength: random.below(3) }));
  some("items", 30, deeper);
  some("prefixItems", 10, () => [deeper()]);
  some("contains", 5, deeper);
  some("allOf", 8, () => [deeper(), deeper()]);
  some("anyOf", 10, () => [deeper(), deeper()]);
  some("oneOf", 6, () => [deeper(), deeper()]);
  some("not", 4, deeper);
  if (random.chance(4)) {
    schema.if = deeper();
    schema.then = deeper();
    schema.else = deeper();
  }
  return schema;
}

function anyValue(random: SeededRandom, depth: number): JsonValue {
  switch (random.below(depth < 3 ? 8 : 4)) {
    case 0:
      return random.pick([null, true]);
    case 1:
      return random.pick(["", "a", "ab", "b", "😀"]);
    case 2:
      return random.below(10) - 2;
    case 3:
      return random.below(10) / 2;
    case 4:
    case 5:
      return Array.from(
        { length: random.below(4) },
        () => anyValue(random, depth + 1),
      );
    default:
      return JSON.parse(
        `{${
          NAMES.filter(() => random.chance(60))
            .map((name) =>
              `"${name}":${JSON.stringify(anyValue(random, depth + 1))}`
            ).join()
        }}`,
      );
  }
}

/** Calls `visit` for all that operations put when `value` is built up. */
function eachPut(
  value: JsonValue,
  path: Step[],
  visit: (path: Step[], put: Parameters<typeof obeysOwnPath>[2]) => void,
): void {
  visit(path, { kind: "value", value });
  if (typeof value === "number" && Number.isInteger(value)) {
    visit(path, { kind: "count" });
  }
  if (isRecord(value)) {
    visit(path, { kind: "map" });
    for (const [key, entry] of Object.entries(value)) {
      eachPut(entry as JsonValue, [...path, key], visit);
    }
  } else if (Array.isArray(value)) {
    visit(path, { kind: "list" });
    value.forEach((item, index) => eachPut(item, [...path, index], visit));
  }
}

Deno.test("violations are what another validator finds, and no operation of a valid document is refused", () => {
  const random = new SeededRandom(4);
  const ajv = new Ajv2020({ strict: false });
  let validCount = 0;
  let refusedCount = 0;
  for (let round = 0; round < 1500; round++) {
    const schema = {
      ...(anySchema(random, 0) as object),
      $defs: { shared: anySchema(random, 2) },
    } as JsonValue;
    // A reference of what is shared to itself has no end.
    const text = JSON.stringify(schema);
    if (/"\$defs":.*\$ref/.test(text)) continue;
    const validate = ajv.compile(schema as object);
    const node = compileSchema(schema);
    for (let each = 0; each < 5; each++) {
      const value = anyValue(random, 0);
      const isValid = validate(value);
      const found = findViolations(node, value);
      const what = `${text} ${JSON.stringify(value)} ${JSON.stringify(found)}`;
      assertEquals(found.length === 0, isValid, what);
      if (isValid) validCount++;
      eachPut(value, [], (path, put) => {
        const isPermitted = obeysOwnPath(node, path, put);
        if (!isPermitted) refusedCount++;
        assert(isPermitted || !isValid, `${what} ${JSON.stringify(path)}`);
      });
    }
  }
  assert(validCount > 500 && refusedCount > 500, `${validCount}`);
});
