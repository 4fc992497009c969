import { spawn as spawnChild } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { DistflowError, messageOf } from "../base/errors.ts";
import type { SpawnRequest } from "../transport/platform.ts";
import type { DenoApi, DenoChild } from "./deno_api.ts";

/** Of what a child says before it fails, this much is told. */
const STDERR_LENGTH_MAX = 2000;

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

/** Runs a module with Node.js; see `ProcessControl.spawn`. */
export function spawnWithNode(request: SpawnRequest): Promise<string> {
  const { module, args, readyTimeoutMs } = request;
  if (module.protocol !== "file:") {
    return Promise.reject(unavailable("Node.js runs files only"));
  }
  const path = fileURLToPath(module);
  if (!existsSync(path)) {
    return Promise.reject(unavailable(`there is no file ${path}`));
  }
  return new Promise((resolve, reject) => {
    const child = spawnChild(process.execPath, [path, ...args], {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    let output = "";
    let errors = "";
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      child.removeAllListeners();
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      act();
    };
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      settle(() => reject(tooSilent(errors)));
    }, readyTimeoutMs);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const end = output.indexOf("\n");
      if (end >= 0) settle(() => resolve(output.slice(0, end)));
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (errors.length < STDERR_LENGTH_MAX) errors += text;
    });
    child.on(
      "error",
      (error) => settle(() => reject(unavailable(error.message, error))),
    );
    child.on("close", (code) => settle(() => reject(endedEarly(code, errors))));
  });
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

function unavailable(why: string, cause?: unknown): DistflowError {
  return new DistflowError(
    "SPAWN_UNAVAILABLE",
    `Cannot start a process: ${why}`,
    cause === undefined ? {} : { cause },
  );
}

function endedEarly(code: number | null, errors: string): DistflowError {
  return launchFailed(`it ended with code ${code} before it was ready`, errors);
}

function tooSilent(errors: string): DistflowError {
  return launchFailed("it was silent for too long", errors);
}

function launchFailed(why: string, errors: string): DistflowError {
  const said = errors.trim().slice(0, STDERR_LENGTH_MAX);
  return new DistflowError(
    "PMD_LAUNCH_FAILED",
    `Cannot start a process: ${why}${said === "" ? "" : `. It said: ${said}`}`,
  );
}
