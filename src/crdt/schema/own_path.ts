import { isRecord, type JsonValue } from "../../base/json.ts";
import type { Step } from "../pattern.ts";
import {
  ARRAY,
  INTEGER,
  NUMBER,
  OBJECT,
  type SchemaNode,
  STRING,
} from "./json_schema.ts";
import { brokenKeyword, entrySchemas, permitsType } from "./value_rules.ts";

/** What an operation puts at its path. */
export type Put =
  | {
    /** Any JSON, as a whole. */
    readonly kind: "value";
    /** The value. */
    readonly value: JsonValue;
  }
  | {
    /**
     * A container, which other operations fill; a number that counts; a text
     * that was edited.
     */
    readonly kind: "map" | "list" | "count" | "text";
  };

const TYPES = {
  map: OBJECT,
  list: ARRAY,
  count: NUMBER | INTEGER,
  text: STRING,
};

/**
 * Schemas that may be asked for one operation. One that asks more is permitted,
 * at all replicas alike: no schema can make another replica hang.
 */
const ASKED_COUNT_MAX = 100_000;

/** Schemas that may combine others at one place, one within the other. */
export const NESTING_MAX = 16;

/**
 * Whether an operation at one path obeys a schema, judged by nothing but its
 * own path and what it puts there.
 *
 * Rules that other operations take part in (which keys are there, how many
 * elements, what is left of a text that many edit) are not asked here, since no
 * single operation is guilty. Of `anyOf` and `oneOf` one must permit the path
 * and the value; `not` and `if` are not asked.
 */
class OwnPath {
  readonly #path: readonly Step[];
  readonly #put: Put;
  #askedCount = 0;

  constructor(path: readonly Step[], put: Put) {
    this.#path = path;
    this.#put = put;
  }

  obeys(node: SchemaNode, depth: number, nesting = 0): boolean {
    if (node.isNever) return false;
    if (++this.#askedCount > ASKED_COUNT_MAX || nesting > NESTING_MAX) {
      return true;
    }
    const isHere = depth === this.#path.length
      ? this.#isPermitted(node)
      : this.#leadsOn(node, depth);
    return isHere && (!node.isCombined ||
      isPermittedByParts(node, (each) => this.obeys(each, depth, nesting + 1)));
  }

  #leadsOn(node: SchemaNode, depth: number): boolean {
    const step = this.#path[depth] as Step;
    if (typeof step === "number") {
      // Which element is the first is for all who insert to say.
      return permitsType(node, ARRAY) &&
        (node.items === null || node.prefixItems.length > 0 ||
          this.obeys(node.items, depth + 1));
    }
    if (!permitsType(node, OBJECT) || !permitsKey(node, step)) return false;
    for (const each of entrySchemas(node, step)) {
      if (!this.obeys(each, depth + 1)) return false;
    }
    return true;
  }

  #isPermitted(node: SchemaNode): boolean {
    const put = this.#put;
    return put.kind === "value"
      ? this.#isValid(node, put.value)
      : permitsType(node, TYPES[put.kind]);
  }

  /** A value that is put as a whole obeys in all that is in it. */
  #isValid(node: SchemaNode, value: JsonValue): boolean {
    if (brokenKeyword(node, value) !== undefined) return false;
    if (typeof value !== "object" || value === null) return true;
    if (isRecord(value)) {
      return Object.entries(value).every(([key, entry]) =>
        permitsKey(node, key) &&
        entrySchemas(node, key).every((each) =>
          this.#obeysBelow(each, entry as JsonValue)
        )
      );
    }
    const { items, prefixItems } = node;
    return (value as readonly JsonValue[]).every((item, index) => {
      const schema = prefixItems[index] ?? items;
      return schema === null || this.#obeysBelow(schema, item);
    });
  }

  #obeysBelow(node: SchemaNode, value: JsonValue, nesting = 0): boolean {
    if (node.isNever) return false;
    if (++this.#askedCount > ASKED_COUNT_MAX || nesting > NESTING_MAX) {
      return true;
    }
    return this.#isValid(node, value) && (!node.isCombined ||
      isPermittedByParts(
        node,
        (each) => this.#obeysBelow(each, value, nesting + 1),
      ));
  }
}

/** Whether the schemas that one is combined of permit what they are asked. */
function isPermittedByParts(
  { all, any, one }: SchemaNode,
  permits: (node: SchemaNode) => boolean,
): boolean {
  return all.every(permits) && any.every((group) => group.some(permits)) &&
    one.every((group) => group.some(permits));
}

function permitsKey({ propertyNames }: SchemaNode, key: string): boolean {
  return propertyNames === null ||
    brokenKeyword(propertyNames, key) === undefined;
}

/**
 * Whether what an operation puts at `path` obeys the schema of the document; a
 * number in the path stands for any element of a list.
 */
export function obeysOwnPath(
  schema: SchemaNode,
  path: readonly Step[],
  put: Put,
): boolean {
  return new OwnPath(path, put).obeys(schema, 0);
}
