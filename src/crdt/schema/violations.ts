import { isRecord, type JsonValue } from "../../base/json.ts";
import type { Path, Step } from "../pattern.ts";
import { canonicalText } from "../values.ts";
import type { SchemaNode } from "./json_schema.ts";
import { NESTING_MAX } from "./own_path.ts";
import { brokenKeyword, entrySchemas } from "./value_rules.ts";

/** A rule of the schema that what a document shows does not obey. */
export interface SchemaViolation {
  /** Where. */
  readonly path: Path;
  /** The keyword of JSON Schema, such as `required`. */
  readonly keyword: string;
}

/** Violations that are told at most. */
const VIOLATION_COUNT_MAX = 1000;

/** Schemas that are asked at most, so that no schema makes a replica hang. */
const ASKED_COUNT_MAX = 10_000_000;

/** Looks a value through. */
class Inspection {
  readonly found: SchemaViolation[] = [];
  #askedCount = 0;

  look(node: SchemaNode, value: JsonValue, path: Step[], nesting = 0): void {
    if (++this.#askedCount > ASKED_COUNT_MAX || nesting > NESTING_MAX) return;
    const isValid = (each: SchemaNode) =>
      this.#isValid(each, value, nesting + 1);
    const keyword = brokenKeyword(node, value);
    if (keyword !== undefined) this.#add(path, keyword);
    if (isRecord(value)) this.#lookAtMap(node, value as JsonMap, path);
    else if (Array.isArray(value)) this.#lookAtList(node, value, path);
    for (const each of node.all) this.look(each, value, path, nesting + 1);
    for (const group of node.any) {
      if (!group.some(isValid)) this.#add(path, "anyOf");
    }
    for (const group of node.one) {
      if (group.filter(isValid).length !== 1) this.#add(path, "oneOf");
    }
    if (node.not !== null && isValid(node.not)) this.#add(path, "not");
    if (node.condition === null) return;
    const [test, then, other] = node.condition;
    const chosen = isValid(test) ? then : other;
    if (chosen !== null) this.look(chosen, value, path, nesting + 1);
  }

  #lookAtMap(node: SchemaNode, value: JsonMap, path: Step[]): void {
    // Replicas that show the same may have got it in another order, and what
    // comes first is told where there is too much.
    const keys = Object.keys(value).sort();
    for (const key of node.required) {
      if (!Object.hasOwn(value, key)) this.#add([...path, key], "required");
    }
    for (const [key, others] of node.dependentRequired) {
      if (!Object.hasOwn(value, key)) continue;
      for (const other of others) {
        if (Object.hasOwn(value, other)) continue;
        this.#add([...path, other], "dependentRequired");
      }
    }
    this.#count(node, "Properties", keys.length, path);
    for (const key of keys) {
      path.push(key);
      if (
        node.propertyNames !== null && !this.#isValid(node.propertyNames, key)
      ) this.#add(path, "propertyNames");
      const isAdditional = !node.properties.has(key) &&
        !node.patternProperties.some(([pattern]) => pattern.test(key));
      if (isAdditional && node.additional?.isNever === true) {
        this.#add(path, "additionalProperties");
      } else {
        for (const each of entrySchemas(node, key)) {
          this.look(each, value[key] as JsonValue, path);
        }
      }
      path.pop();
    }
  }

  #lookAtList(
    node: SchemaNode,
    value: readonly JsonValue[],
    path: Step[],
  ): void {
    this.#count(node, "Items", value.length, path);
    if (node.isUnique) {
      const texts = new Set(value.map(canonicalText));
      if (texts.size < value.length) this.#add(path, "uniqueItems");
    }
    if (node.contains !== null) {
      const { contains } = node;
      const count = value.filter((each) =>
        this.#isValid(contains, each)
      ).length;
      if (count < (node.numbers.get("minContains") ?? 1)) {
        this.#add(path, "contains");
      }
      if (count > (node.numbers.get("maxContains") ?? Infinity)) {
        this.#add(path, "maxContains");
      }
    }
    value.forEach((item, index) => {
      const schema = node.prefixItems[index] ?? node.items;
      if (schema === null) return;
      path.push(index);
      this.look(schema, item, path);
      path.pop();
    });
  }

  #count(node: SchemaNode, of: string, count: number, path: Step[]): void {
    if (count < (node.numbers.get(`min${of}`) ?? 0)) {
      this.#add(path, `min${of}`);
    }
    if (count > (node.numbers.get(`max${of}`) ?? Infinity)) {
      this.#add(path, `max${of}`);
    }
  }

  #isValid(node: SchemaNode, value: JsonValue, nesting = 0): boolean {
    const inner = new Inspection();
    inner.#askedCount = this.#askedCount;
    inner.look(node, value, [], nesting);
    this.#askedCount = inner.#askedCount;
    return inner.found.length === 0;
  }

  #add(path: readonly Step[], keyword: string): void {
    if (this.found.length >= VIOLATION_COUNT_MAX) return;
    this.found.push({ path: [...path], keyword });
  }
}

type JsonMap = { readonly [key: string]: JsonValue };

/** By path: what is above first, indexes by number, keys in code unit order. */
function comparePaths(a: Path, b: Path): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const [one, other] = [a[index] as Step, b[index] as Step];
    if (one !== other) return one < other ? -1 : 1;
  }
  return a.length - b.length;
}

/** The rules that `value` does not obey, at most 1,000 of them, by path. */
export function findViolations(
  schema: SchemaNode,
  value: JsonValue,
): SchemaViolation[] {
  const inspection = new Inspection();
  inspection.look(schema, value, []);
  return inspection.found.sort((a, b) => comparePaths(a.path, b.path));
}
