// Uses the platform's control of the process as its first argument says.
import { currentPlatform } from "../../../src/platform/mod.ts";

const { process, clock } = currentPlatform();
const [how = "", ...rest] = process.args;

const ACTS: Readonly<Record<string, () => void>> = {
  describe() {
    const { args, pid, runtime } = process;
    process.writeOut(`${JSON.stringify({ args, pid, runtime })}\n`);
  },

  exit() {
    process.writeOut(`${"x".repeat(1_000_000)}.`);
    process.writeError("told\n");
    process.exit(Number(rest[0]));
  },

  // Writes for longer than a pipe holds, whether anybody reads or not.
  write() {
    let count = 0;
    const go = (): void => {
      process.writeOut("x".repeat(100_000));
      if (++count < 20) clock.schedule(1, go);
      else process.exit(0);
    };
    go();
  },

  signal() {
    // Keeps the process alive.
    const timer = clock.schedule(1_000_000, () => {});
    const restore = process.onSignal(["SIGTERM", "SIGHUP"], (signal) => {
      process.writeOut(`${signal} came\n`);
      if (rest[0] === "end") {
        restore();
        timer.cancel();
      } else if (signal === "SIGTERM") {
        restore();
        process.writeOut("restored\n");
      }
    });
    process.writeOut("ready\n");
  },
};

ACTS[how]?.();
