import { isRecord, type JsonRecord, type JsonValue } from "../../base/json.ts";
import { canonicalText } from "../values.ts";

/** Types of JSON Schema, as bits. */
export const NULL = 1;
/** See {@linkcode NULL}. */
export const BOOLEAN = 2;
/** See {@linkcode NULL}: any number. */
export const NUMBER = 4;
/** See {@linkcode NULL}: a whole number. */
export const INTEGER = 8;
/** See {@linkcode NULL}. */
export const STRING = 16;
/** See {@linkcode NULL}. */
export const OBJECT = 32;
/** See {@linkcode NULL}. */
export const ARRAY = 64;

const TYPES: readonly [string, number][] = [
  ["null", NULL],
  ["boolean", BOOLEAN],
  ["number", NUMBER],
  ["integer", INTEGER],
  ["string", STRING],
  ["object", OBJECT],
  ["array", ARRAY],
];

/** The types that a value has, as bits; a whole number is a number, too. */
export function typesOfValue(value: JsonValue): number {
  switch (typeof value) {
    case "boolean":
      return BOOLEAN;
    case "number":
      return Number.isInteger(value) ? NUMBER | INTEGER : NUMBER;
    case "string":
      return STRING;
    default:
      if (value === null) return NULL;
      return isRecord(value) ? OBJECT : ARRAY;
  }
}

/** A schema, read once. What a keyword does not say right is left out. */
export interface SchemaNode {
  /** Whether nothing is valid. */
  readonly isNever: boolean;
  /** The types that are valid, of `enum` and `const`, too, as bits; 0 for all. */
  readonly types: number;
  /** The canonical texts of the values that are valid, of `enum` and `const`. */
  readonly texts: readonly ReadonlySet<string>[];
  /** `minimum`, `maxLength` and so on: keywords that are one number. */
  readonly numbers: ReadonlyMap<string, number>;
  /** What texts must match. */
  readonly pattern: RegExp | null;
  /** Entries by key. */
  readonly properties: ReadonlyMap<string, SchemaNode>;
  /** Entries by what their keys match. */
  readonly patternProperties: readonly (readonly [RegExp, SchemaNode])[];
  /** All other entries. */
  readonly additional: SchemaNode | null;
  /** Keys. */
  readonly propertyNames: SchemaNode | null;
  /** The first elements. */
  readonly prefixItems: readonly SchemaNode[];
  /** All other elements. */
  readonly items: SchemaNode | null;
  /** What one element must be. */
  readonly contains: SchemaNode | null;
  /** Whether elements must differ. */
  readonly isUnique: boolean;
  /** Keys that must be there. */
  readonly required: readonly string[];
  /** Keys that must be there if another is. */
  readonly dependentRequired: readonly (readonly [string, string[]])[];
  /** Whether there is anything in `all`, `any` or `one`. */
  readonly isCombined: boolean;
  /** `allOf`, and what `$ref` leads to. */
  readonly all: readonly SchemaNode[];
  /** `anyOf`: of each group one. */
  readonly any: readonly (readonly SchemaNode[])[];
  /** `oneOf`: of each group exactly one. */
  readonly one: readonly (readonly SchemaNode[])[];
  /** What must not be valid. */
  readonly not: SchemaNode | null;
  /** `if`, `then` and `else`. */
  readonly condition:
    | readonly [SchemaNode, SchemaNode | null, SchemaNode | null]
    | null;
}

const NUMBERS = [
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
  "minContains",
  "maxContains",
];

/**
 * Reads JSON Schema documents: the keywords of draft 2020-12 that need nothing
 * but the document. References within it are followed; others say nothing.
 */
class Compiler {
  readonly #root: JsonValue;
  /** What was read, so that a schema may lead back to itself. */
  readonly #nodes: Map<JsonValue, SchemaNode> = new Map();

  constructor(root: JsonValue) {
    this.#root = root;
  }

  read(schema: unknown): SchemaNode {
    const known = this.#nodes.get(schema as JsonValue);
    if (known !== undefined) return known;
    const node = {} as SchemaNode;
    // A boolean has no identity, and leads nowhere.
    if (isRecord(schema)) this.#nodes.set(schema as JsonValue, node);
    return Object.assign(
      node,
      this.#parts(isRecord(schema) ? schema : {}, schema === false),
    );
  }

  #parts(schema: JsonRecord, isNever: boolean): SchemaNode {
    const texts: Set<string>[] = [];
    if (Array.isArray(schema.enum)) {
      texts.push(new Set(schema.enum.map(canonicalText)));
    }
    if (Object.hasOwn(schema, "const")) {
      texts.push(new Set([canonicalText(schema.const as JsonValue)]));
    }
    const types = typesOf(schema.type);
    const listed = typesOfTexts(texts);
    const all = [
      ...this.#list(schema.allOf),
      ...this.#referenced(schema.$ref),
    ];
    const any = this.#group(schema.anyOf);
    const one = this.#group(schema.oneOf);
    const dependent = entriesOf(schema.dependentRequired)
      .map(([key, keys]) => [key, stringsOf(keys)] as const);
    return {
      isNever: isNever || (types & listed) === 0 && types !== 0 && listed !== 0,
      types: types === 0 || listed === 0 ? types || listed : types & listed,
      texts,
      numbers: new Map(
        NUMBERS.flatMap((name): [string, number][] => {
          const value = Object.hasOwn(schema, name) ? schema[name] : undefined;
          return typeof value === "number" ? [[name, value]] : [];
        }),
      ),
      pattern: regExpOf(schema.pattern),
      properties: new Map(
        entriesOf(schema.properties).map(([key, each]) => [
          key,
          this.read(each),
        ]),
      ),
      patternProperties: entriesOf(schema.patternProperties)
        .flatMap(([source, each]): [RegExp, SchemaNode][] => {
          const pattern = regExpOf(source);
          return pattern === null ? [] : [[pattern, this.read(each)]];
        }),
      additional: this.#optional(schema.additionalProperties),
      propertyNames: this.#optional(schema.propertyNames),
      prefixItems: this.#list(schema.prefixItems),
      items: this.#optional(schema.items),
      contains: this.#optional(schema.contains),
      isUnique: schema.uniqueItems === true,
      required: stringsOf(schema.required),
      dependentRequired: dependent,
      isCombined: all.length + any.length + one.length > 0,
      all,
      any,
      one,
      not: this.#optional(schema.not),
      condition: schema.if === undefined ? null : [
        this.read(schema.if),
        this.#optional(schema.then),
        this.#optional(schema.else),
      ],
    };
  }

  #optional(schema: unknown): SchemaNode | null {
    return isRecord(schema) || typeof schema === "boolean"
      ? this.read(schema)
      : null;
  }

  #list(schemas: unknown): SchemaNode[] {
    return Array.isArray(schemas) ? schemas.map((each) => this.read(each)) : [];
  }

  #group(schemas: unknown): SchemaNode[][] {
    const group = this.#list(schemas);
    return group.length === 0 ? [] : [group];
  }

  #referenced(reference: unknown): SchemaNode[] {
    if (typeof reference !== "string" || !/^#(?:\/|$)/.test(reference)) {
      return [];
    }
    let found: unknown = this.#root;
    for (const part of reference.split("/").slice(1)) {
      const key = unescape(part);
      if (typeof found !== "object" || found === null) return [];
      if (!Object.hasOwn(found, key)) return [];
      found = Reflect.get(found, key);
    }
    return [this.read(found)];
  }
}

/** A part of a JSON pointer in a fragment of an address. */
function unescape(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    // It is no address; then it names a key that has its text.
    return part;
  }
}

function entriesOf(value: unknown): [string, unknown][] {
  return isRecord(value) ? Object.entries(value) : [];
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value)
    ? value.filter((each) => typeof each === "string")
    : [];
}

function typesOf(type: unknown): number {
  const names: unknown[] = Array.isArray(type) ? type : [type];
  return names.reduce(
    (bits: number, name) =>
      bits | (TYPES.find(([text]) => text === name)?.[1] ?? 0),
    0,
  );
}

/** The types of values that are given by their texts; 0 for all. */
function typesOfTexts(texts: readonly ReadonlySet<string>[]): number {
  let types = 0;
  for (const text of texts[0] ?? []) {
    types |= typesOfValue(JSON.parse(text) as JsonValue);
  }
  return types;
}

function regExpOf(source: unknown): RegExp | null {
  if (typeof source !== "string") return null;
  try {
    return new RegExp(source, "u");
  } catch {
    // What no replica can read says nothing at any of them.
    return null;
  }
}

/** Reads a JSON Schema document. */
export function compileSchema(schema: JsonValue): SchemaNode {
  return new Compiler(schema).read(schema);
}
