import type { Terminal } from "../transport/terminal.ts";
import { currentProcess } from "./process.ts";

/** The standard streams of this process. */
export function currentTerminal(): Terminal {
  return currentProcess();
}
