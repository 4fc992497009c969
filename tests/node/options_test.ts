import { assertThrows } from "@std/assert";
import {
  type NodeOptions,
  resolveNodeOptions,
} from "../../src/node/options.ts";

function assertRefused(options: NodeOptions, message: string): void {
  assertThrows(() => resolveNodeOptions(options), Error, message);
}

Deno.test("an option that is refused is named as the caller wrote it", () => {
  assertRefused({ port: -1 }, "'port' must be an integer from 0 to 65535");
  assertRefused(
    { pmd: { port: 0 } },
    "'pmd.port' must be an integer from 1 to 65535",
  );
  assertRefused({ alias: "a b" }, "'alias' must be 1 to 128 letters");
  for (const wrong of [5, null] as unknown as string[]) {
    assertRefused({ alias: wrong }, "'alias' must be 1 to 128 letters");
    assertRefused({ nodeId: wrong }, "'nodeId' must be 1 to 128 letters");
  }
  assertRefused({ host: "" }, "'host' must be a string");
  assertRefused({ pmd: { host: "" } }, "'pmd.host' must be a string");
});
