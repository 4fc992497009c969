// A world whose documents also get schemas.
import { assertEquals } from "@std/assert";
import { hasCode } from "../../../src/base/errors.ts";
import type { JsonValue } from "../../../src/base/json.ts";
import { compareDigests } from "../../../src/crdt/mod.ts";
import { StateWorld } from "../state/world.ts";

const KEYWORDS: { readonly [keyword: string]: JsonValue }[] = [
  { type: ["integer", "object", "array", "string"] },
  { type: ["object", "array"] },
  { type: ["string", "object"], maxLength: 3 },
  { type: ["number", "null", "array"], minimum: 0 },
  { pattern: "x" },
  { enum: [1, "x", true] },
  { additionalProperties: false },
  {},
];

/**
 * Replicas that also give the document schemas, which others do not know, and
 * exchange and restore states that have them.
 */
export class SchemaWorld extends StateWorld {
  refusedCount = 0;
  hiddenCount = 0;

  override step(): void {
    const { random } = this;
    const { doc } = this.pickReplica();
    if (random.chance(8)) {
      const version = random.chance(20) ? 1 + random.below(3) : undefined;
      doc.setSchema(
        this.#schema(0),
        version === undefined ? {} : { version },
      );
      return;
    }
    super.step();
  }

  override mayRefuse(error: unknown): boolean {
    if (!hasCode(error, "SCHEMA_VIOLATION")) return super.mayRefuse(error);
    this.refusedCount++;
    return true;
  }

  override settle(): void {
    super.settle();
    const [first] = this.replicas;
    for (const { doc } of this.replicas) {
      const digest = doc.digest();
      assertEquals(compareDigests(digest, first?.doc.digest() ?? digest), []);
      assertEquals(sorted(doc.rejected()), sorted(first?.doc.rejected() ?? []));
      this.hiddenCount += doc.rejected().length;
    }
  }

  #schema(depth: number): { [keyword: string]: JsonValue } {
    const { random } = this;
    const schema: { [keyword: string]: JsonValue } = {
      ...random.pick(KEYWORDS),
    };
    if (depth > 1) return schema;
    for (const key of ["properties", "patternProperties"]) {
      if (random.chance(30)) continue;
      schema[key] = { a: this.#schema(depth + 1), b: this.#schema(depth + 1) };
    }
    if (random.chance(40)) schema.items = this.#schema(depth + 1);
    return schema;
  }
}

function sorted(items: readonly unknown[]): string[] {
  return items.map((item) => JSON.stringify(item)).sort();
}
