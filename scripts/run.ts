import { spawn } from "node:child_process";
import process from "node:process";

/** Options for {@linkcode run}. */
export interface RunOptions {
  /** The folder to run in; the current one by default. */
  cwd?: string;
  /** Variables to set, beside those that are there. */
  env?: Record<string, string>;
  /** Told of each piece of output; it is inherited by default. */
  onOutput?: (text: string) => void;
  /** How long it may take, in milliseconds; 20 minutes by default. */
  timeoutMs?: number;
}

/**
 * Runs a program to its end.
 *
 * @throws {Error} If it cannot be run, fails, or takes too long.
 */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<void> {
  const { cwd, env = {}, onOutput, timeoutMs = 20 * 60_000 } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: onOutput ? ["ignore", "pipe", "pipe"] : ["ignore", 1, 2],
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
    child.stdout?.on("data", (bytes) => onOutput?.(String(bytes)));
    child.stderr?.on("data", (bytes) => onOutput?.(String(bytes)));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve();
      else {
        const end = signal === null ? `code ${code}` : `signal ${signal}`;
        const line = [command, ...args].join(" ");
        reject(new Error(`"${line}" ended with ${end}`));
      }
    });
  });
}
