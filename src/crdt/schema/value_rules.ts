import type { JsonValue } from "../../base/json.ts";
import { canonicalText } from "../values.ts";
import { type SchemaNode, typesOfValue } from "./json_schema.ts";

/** Whether a schema permits any of the types. */
export function permitsType(node: SchemaNode, types: number): boolean {
  return node.types === 0 || (node.types & types) !== 0;
}

/**
 * Which keyword a value breaks by itself, without a look at what is in it and
 * without what combines schemas; `undefined` for none.
 */
export function brokenKeyword(
  node: SchemaNode,
  value: JsonValue,
): string | undefined {
  if (node.isNever) return "false";
  if (!permitsType(node, typesOfValue(value))) return "type";
  if (node.texts.length > 0) {
    const text = canonicalText(value);
    if (!node.texts.every((texts) => texts.has(text))) return "enum";
  }
  if (typeof value === "number") return brokenByNumber(node, value);
  if (typeof value === "string") return brokenByText(node, value);
  return undefined;
}

function brokenByNumber(node: SchemaNode, value: number): string | undefined {
  const { numbers } = node;
  if (numbers.size === 0) return undefined;
  const limit = (name: string) => numbers.get(name) ?? NaN;
  // A comparison with what is not there is false.
  if (value < limit("minimum")) return "minimum";
  if (value > limit("maximum")) return "maximum";
  if (value <= limit("exclusiveMinimum")) return "exclusiveMinimum";
  if (value >= limit("exclusiveMaximum")) return "exclusiveMaximum";
  const divisor = numbers.get("multipleOf");
  if (divisor !== undefined && divisor > 0) {
    if (!Number.isInteger(value / divisor)) return "multipleOf";
  }
  return undefined;
}

function brokenByText(node: SchemaNode, value: string): string | undefined {
  const { numbers, pattern } = node;
  if (numbers.size > 0) {
    const min = numbers.get("minLength");
    const max = numbers.get("maxLength");
    if (min !== undefined || max !== undefined) {
      // JSON Schema counts characters, not UTF-16 units.
      const length = [...value].length;
      if (length < (min ?? 0)) return "minLength";
      if (length > (max ?? Infinity)) return "maxLength";
    }
  }
  return pattern !== null && !pattern.test(value) ? "pattern" : undefined;
}

/** The schemas of an entry: all must permit it. */
export function entrySchemas(node: SchemaNode, key: string): SchemaNode[] {
  const found: SchemaNode[] = [];
  const own = node.properties.get(key);
  if (own !== undefined) found.push(own);
  for (const [pattern, each] of node.patternProperties) {
    if (pattern.test(key)) found.push(each);
  }
  if (found.length === 0 && node.additional !== null) {
    found.push(node.additional);
  }
  return found;
}
