/**
 * The `distflow` command: looks after the PMD, shows which nodes are
 * registered, watches them join and leave, and sends messages to them.
 *
 * Run it with `deno run -A jsr:@distflow/cli`, or `npx @distflow/cli`;
 * `distflow help` explains the rest.
 *
 * @module
 */
import { runCli } from "./src/cli/main.ts";
import { isMain } from "./src/platform/main.ts";

export { runCli } from "./src/cli/main.ts";

if (isMain(import.meta)) runCli();
