import type { JsonValue } from "../../base/json.ts";
import type { Core } from "../core.ts";
import {
  INCREMENT,
  INSERT,
  NOTHING,
  type Operation,
  SET,
} from "../operation.ts";
import type { Path } from "../pattern.ts";
import { birthPathOf, putOf } from "./judge.ts";
import type { Put } from "./own_path.ts";
import { schemaViolation } from "./validators.ts";

/**
 * Looks whether the schema of the document permits an operation of this replica,
 * before it is applied.
 *
 * @throws {DistflowError} `SCHEMA_VIOLATION` if it does not.
 */
export function checkSchema(core: Core, operation: Operation): void {
  const { kind, shape, value, anchor, path } = operation;
  if (kind !== SET && kind !== INCREMENT && kind !== INSERT) return;
  const place = birthPathOf(core.tree, anchor, path);
  const check = (at: Path, put: Put) => {
    const { replica, counter } = operation;
    if (core.schemas.permits(replica, counter, at, put)) return;
    throw schemaViolation(
      at,
      `version ${core.schemas.current?.version} of its schema does not permit ${
        put.kind === "value" ? "the value" : `a ${put.kind}`
      }`,
    );
  };
  if (kind === INCREMENT) check(place, { kind: "count" });
  else if (kind === SET) check(place, putOf(shape, value));
  else if (typeof value === "number") {
    check([...place, 0], putOf(shape, undefined));
  } else {
    for (const item of value as readonly JsonValue[]) {
      check([...place, 0], putOf(NOTHING, item));
    }
  }
}
