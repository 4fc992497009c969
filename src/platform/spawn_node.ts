import type { SpawnRequest } from "../transport/platform.ts";
import { builtin, nodeProcess } from "./builtins.ts";
import {
  endedEarly,
  STDERR_LENGTH_MAX,
  tooSilent,
  unavailable,
} from "./spawn_errors.ts";

/** Runs a module with Node.js; see `ProcessControl.spawn`. */
export function spawnWithNode(request: SpawnRequest): Promise<string> {
  const { module, args, readyTimeoutMs } = request;
  if (module.protocol !== "file:") {
    return Promise.reject(unavailable("Node.js runs files only"));
  }
  const path = builtin("node:url").fileURLToPath(module);
  if (!builtin("node:fs").existsSync(path)) {
    return Promise.reject(unavailable(`there is no file ${path}`));
  }
  return new Promise((resolve, reject) => {
    const { spawn } = builtin("node:child_process");
    const child = spawn(nodeProcess().execPath, [path, ...args], {
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
