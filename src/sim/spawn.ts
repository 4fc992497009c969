import { DistflowError } from "../base/errors.ts";
import type { SpawnRequest } from "../transport/platform.ts";
import type { Execution } from "./execution.ts";
import type { Links } from "./links.ts";
import { drawUs, type UsRange } from "./network_options.ts";
import {
  internalsOf,
  type SimProcess,
  type SimProcessOptions,
  type SimProgram,
} from "./process.ts";

/** What {@linkcode spawnProcess} asks of the world. */
export interface SpawnWorld {
  /** What can be run, by name. */
  readonly programs: ReadonlyMap<string, SimProgram>;
  /** How long a process takes to start. */
  readonly spawnDelay: UsRange;
  /** Time and chance. */
  readonly links: Links;
  /** Makes a process. */
  process(options: SimProcessOptions): SimProcess;
  /** Calls `callback` when the process has ended. */
  onEnd(execution: Execution, callback: () => void): void;
}

/** Runs a program for `parent`; see `ProcessControl.spawn`. */
export function spawnProcess(
  world: SpawnWorld,
  parent: SimProcess,
  request: SpawnRequest,
): Promise<string> {
  const { execution, env } = internalsOf(parent);
  const { random, scheduler } = world.links;
  if (!execution.isAlive) return new Promise(() => {});
  const name = programName(request.module);
  const program = world.programs.get(name);
  execution.startOperation();
  return new Promise((resolve, reject) => {
    let isSettled = false;
    let child: SimProcess | undefined;
    const settle = (act: () => void) => {
      if (isSettled) return;
      isSettled = true;
      timer.cancel();
      execution.endOperation();
      act();
    };
    const fail = (reason: string) =>
      settle(() => reject(launchFailed(name, reason)));
    const timer = execution.schedule(
      request.readyTimeoutMs,
      () => {
        fail(`no line came for ${request.readyTimeoutMs} ms`);
        child?.crash();
      },
      false,
    );
    if (!parent.canSpawn || program === undefined) {
      execution.post(`cannot spawn ${name}`, () => {
        settle(() => reject(spawnUnavailable(name, program !== undefined)));
      });
      return;
    }
    scheduler.note(execution.label, `spawns ${name}`);
    scheduler.after(drawUs(random, world.spawnDelay), () => {
      const started = world.process({
        hostname: parent.hostname,
        program,
        args: request.args,
        env,
        runtime: parent.platform.process.runtime,
        canSpawn: parent.canSpawn,
      });
      child = started;
      const { execution: childExecution, output } = internalsOf(started);
      const { host } = execution;
      const pipe = world.links.path(host, host, childExecution, execution);
      const tell = (what: string, act: () => void) => {
        const delayUs = world.links.delayUs(pipe, 0);
        scheduler.after(delayUs, () => execution.deliver(what, act));
      };
      const off = output.onLine((line) => {
        off();
        tell(`spawned ${started}`, () => settle(() => resolve(line)));
      });
      world.onEnd(childExecution, () => {
        if (output.lineCount > 0) return;
        const reason = `it exited with ${started.exitCode}`;
        tell(`could not spawn ${started}`, () => fail(reason));
      });
    });
  });
}

/** The last part of a module's address, without its extension. */
export function programName(module: URL): string {
  const last = module.pathname.split("/").pop() ?? "";
  return last.replace(/\.[^.]*$/, "");
}

function launchFailed(name: string, reason: string): DistflowError {
  return new DistflowError(
    "PMD_LAUNCH_FAILED",
    `Cannot start "${name}" as a process: ${reason}`,
    { details: { program: name } },
  );
}

function spawnUnavailable(name: string, exists: boolean): DistflowError {
  return new DistflowError(
    "SPAWN_UNAVAILABLE",
    `Cannot start "${name}" as a process: ${
      exists ? "this process may not" : "the world has no such program"
    }`,
    { details: { program: name } },
  );
}
