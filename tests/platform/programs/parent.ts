// Starts the module in its first argument, says its first line, and ends.
import { currentPlatform } from "../../../src/platform/mod.ts";

const { process } = currentPlatform();
const [module = "", ...args] = process.args;
const request = { module: new URL(module), args, readyTimeoutMs: 20_000 };
process.writeOut(`${await process.spawn(request)}\n`);
