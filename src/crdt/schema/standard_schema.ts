import type { Step } from "../pattern.ts";

/** What a validator found wrong. */
export interface StandardIssue {
  /** What, for people. */
  readonly message: string;
  /** Where in the value. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}

/** What a validator says of a value: it is valid, or has issues. */
export type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/**
 * A validator of any library that speaks the Standard Schema interface, such as
 * Zod, Valibot or ArkType.
 *
 * @see https://standardschema.dev
 */
export interface StandardSchema {
  /** What the interface asks for. */
  readonly "~standard": {
    /** Its version. */
    readonly version: 1;
    /** The library. */
    readonly vendor: string;
    /** Looks at a value; only what it finds wrong is used. */
    readonly validate: (
      value: unknown,
    ) => StandardResult | Promise<StandardResult>;
  };
}

/** What a library makes of a JSON Schema document, as Ajv does. */
export interface JsonSchemaValidate {
  /** Returns whether the value is valid. */
  (value: unknown): unknown;
  /** What was wrong with the last one. */
  errors?:
    | readonly {
      /** Where, as a JSON pointer. */
      readonly instancePath?: string;
      /** What, for people. */
      readonly message?: string;
    }[]
    | null;
}

/**
 * Makes a validator of what a JSON Schema library has compiled.
 *
 * @example Ajv
 * ```ts
 * import { Ajv } from "ajv";
 * import { fromJsonSchema, JsonCrdt } from "@distflow/core/crdt";
 * import { assertThrows } from "@std/assert";
 *
 * const age = new Ajv().compile({ type: "integer", minimum: 0 });
 * const doc = new JsonCrdt("ann", {
 *   validators: { "users.*.age": fromJsonSchema(age) },
 * });
 * doc.set(["users", "7", "age"], 30);
 * assertThrows(() => doc.set(["users", "7", "age"], -1));
 * ```
 */
export function fromJsonSchema(validate: JsonSchemaValidate): StandardSchema {
  return {
    "~standard": {
      version: 1,
      vendor: "json-schema",
      validate(value) {
        if (validate(value)) return { value };
        const issues = (validate.errors ?? []).map((error) => ({
          message: error.message ?? "is not valid",
          path: readPointer(error.instancePath ?? ""),
        }));
        return {
          issues: issues.length > 0 ? issues : [{ message: "is not valid" }],
        };
      },
    },
  };
}

function readPointer(pointer: string): string[] {
  return pointer.split("/").slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The steps of an issue's path. */
export function stepsOf({ path }: StandardIssue): Step[] {
  return (path ?? []).map((part) => {
    const key = typeof part === "object" ? part.key : part;
    return typeof key === "symbol" ? String(key) : key;
  });
}
