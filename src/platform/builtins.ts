import type { SqliteApi } from "./storage.ts";

/** Modules of Node.js that the platform uses, by name. */
interface Builtins {
  readonly "node:child_process": typeof import("node:child_process");
  readonly "node:fs": typeof import("node:fs");
  readonly "node:net": typeof import("node:net");
  readonly "node:url": typeof import("node:url");
}

/** Modules that not every Node.js that is supported has. */
interface OptionalBuiltins {
  readonly "node:sqlite": SqliteApi;
}

/** What is used of `process`; written down, as the global has no types. */
type NodeProcessApi = typeof import("node:process");

/**
 * The `process` of Node.js, on Deno also.
 *
 * On Deno its first use takes 10 to 40 ms, and an import of a module of Node.js
 * as much: so nothing of the platform imports one, and Deno uses its own API.
 */
export function nodeProcess(): NodeProcessApi {
  return (globalThis as unknown as { readonly process: NodeProcessApi })
    .process;
}

/** A module of Node.js, loaded when it is used. */
export function builtin<Name extends keyof Builtins>(
  name: Name,
): Builtins[Name] {
  return nodeProcess().getBuiltinModule(name) as Builtins[Name];
}

/** The same, or `undefined` where the runtime has no such module. */
export function optionalBuiltin<Name extends keyof OptionalBuiltins>(
  name: Name,
): OptionalBuiltins[Name] | undefined {
  // Its types differ between versions of Node.js, or are missing.
  const found: unknown = nodeProcess().getBuiltinModule(name);
  return found as OptionalBuiltins[Name] | undefined;
}
