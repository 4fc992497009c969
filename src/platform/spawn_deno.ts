import { messageOf } from "../base/errors.ts";
import type { SpawnRequest } from "../transport/platform.ts";
import type { DenoApi, DenoChild } from "./deno_api.ts";
import {
  endedEarly,
  STDERR_LENGTH_MAX,
  tooSilent,
  unavailable,
} from "./spawn_errors.ts";

/**
 * A PMD holds little and throws much away: 1,000 nodes that come at once make
 * its process 240 to 265 MiB large as V8 chooses, and 115 MiB with these. A
 * resolve costs 15 % more of the processor (2026-11, Deno 2.9).
 */
const SMALL_HEAP = "--memory-saver-mode,--max-semi-space-size=4";

/**
 * Runs a module with Deno; see `ProcessControl.spawn`.
 *
 * Needs `--allow-run=deno`, or the right to run Deno by its path. The child
 * may use the network, the environment, and nothing else.
 */
export async function spawnWithDeno(
  deno: DenoApi,
  request: SpawnRequest,
): Promise<string> {
  const { module, args, readyTimeoutMs } = request;
  if (deno.build.standalone) {
    throw unavailable("a compiled program cannot run another module");
  }
  checkDenoFile(deno, module);
  const command = [deno.execPath(), "deno"].find((name) =>
    deno.permissions.querySync({ name: "run", command: name }).state ===
      "granted"
  );
  if (command === undefined) {
    throw unavailable("it needs the permission --allow-run=deno");
  }
  const imports = module.protocol === "file:"
    ? []
    : [`--allow-import=${module.host}`];
  let child: DenoChild;
  try {
    child = new deno.Command(command, {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--no-config",
        "--no-lock",
        `--v8-flags=${SMALL_HEAP}`,
        "--allow-net",
        "--allow-env",
        ...imports,
        module.href,
        ...args,
      ],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true,
    }).spawn();
  } catch (error) {
    throw unavailable(messageOf(error), error);
  }
  const stdout = child.stdout.getReader();
  const stderr = child.stderr.getReader();
  const errors = collect(stderr);
  const lineOrCode = async (): Promise<string | number> => {
    const line = await firstLine(stdout);
    if (line !== undefined) return line;
    await errors.ended;
    return (await child.status).code;
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), readyTimeoutMs);
  });
  try {
    const result = await Promise.race([lineOrCode(), silence]);
    if (typeof result === "string") {
      child.unref();
      return result;
    }
    if (result !== undefined) throw endedEarly(result, errors.text);
    kill(child);
    await child.status;
    throw tooSilent(errors.text);
  } finally {
    clearTimeout(timer);
    await Promise.allSettled([stdout.cancel(), stderr.cancel()]);
  }
}

/** Whether reading is permitted or not, running a missing file fails. */
function checkDenoFile(deno: DenoApi, module: URL): void {
  if (module.protocol !== "file:") return;
  try {
    deno.statSync(module);
  } catch (error) {
    if (error instanceof Error && error.name === "NotFound") {
      throw unavailable(`there is no file ${module.pathname}`, error);
    }
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** The first line of a stream; undefined if it ends before. */
async function firstLine(reader: Reader): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return undefined;
    text += decoder.decode(value, { stream: true });
    const end = text.indexOf("\n");
    if (end >= 0) return text.slice(0, end);
  }
}

/** Reads a stream to its end; returns a view of what has come so far. */
function collect(reader: Reader): { text: string; ended: Promise<void> } {
  const decoder = new TextDecoder();
  const collected = { text: "", ended: Promise.resolve() };
  collected.ended = (async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      if (collected.text.length < STDERR_LENGTH_MAX) {
        collected.text += decoder.decode(value, { stream: true });
      }
    }
  })();
  return collected;
}

function kill(child: DenoChild): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended, but one that it started has its output open.
  }
}
