// Says whether it is what the process runs.
import { isMain } from "../../../src/platform/main.ts";

console.log(isMain(import.meta) ? "main" : "imported");
