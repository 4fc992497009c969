import type { ProcessControl } from "../transport/platform.ts";
import type { Terminal } from "../transport/terminal.ts";
import { denoApi } from "./deno_api.ts";
import { DenoProcess } from "./deno_process.ts";
import { NodeProcess } from "./node_process.ts";

let current: (ProcessControl & Terminal) | undefined;

/** The process that this code runs in, and its streams. */
export function currentProcess(): ProcessControl & Terminal {
  const deno = denoApi();
  current ??= deno === undefined ? new NodeProcess() : new DenoProcess(deno);
  return current;
}
