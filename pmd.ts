/**
 * The port mapper daemon of distflow as a program of its own:
 * `deno run -A jsr:@distflow/pmd`, or `npx @distflow/pmd`.
 *
 * A node starts it by itself when it needs one. Run it by hand to keep it
 * running, to listen on another address, or to see it work (`--verbose`).
 *
 * @module
 */
import { isMain } from "./src/platform/main.ts";
import { runPmd } from "./src/pmd/main.ts";

export { runPmd } from "./src/pmd/main.ts";

if (isMain(import.meta)) runPmd();
