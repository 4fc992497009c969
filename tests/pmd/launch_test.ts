import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import { pmdBeside, pmdModule } from "../../src/pmd/launch.ts";

Deno.test("the PMD's module is at the top of the tree, wherever that is", () => {
  const trees = ["file:///app/node_modules/@distflow/core", "https://jsr.io/x"];
  for (const tree of trees) {
    assertEquals(
      pmdBeside(`${tree}/src/pmd/launch.js`).href,
      `${tree}/pmd.js`,
    );
    assertEquals(
      pmdBeside(`${tree}/src/chunks/chunk-3D3DICTY.js`).href,
      `${tree}/pmd.js`,
    );
    assertEquals(
      pmdBeside(`${tree}/src/pmd/launch.ts`).href,
      `${tree}/pmd.ts`,
    );
  }
  assertMatch(pmdModule().pathname, /\/pmd\.(js|ts)$/);
});

Deno.test("a bundle has no module of the PMD, whatever lies near it", () => {
  const bundles = [
    undefined,
    "file:///a/dist/x/main.js",
    "file:///a/b/chunk-3D3DICTY.js",
  ];
  for (const url of bundles) {
    const error = assertThrows(() => pmdBeside(url), DistflowError);
    assertEquals(error.code, "SPAWN_UNAVAILABLE");
  }
});
