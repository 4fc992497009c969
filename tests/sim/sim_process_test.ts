import { assert, assertEquals, assertRejects } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import type { SimProcess, SimProgram } from "../../src/sim/mod.ts";
import type { SpawnRequest } from "../../src/transport/platform.ts";
import { connect, connectPair, listen, LOCAL } from "./support/recorder.ts";
import { simSeeds, simTest } from "./support/sim_test.ts";

const PMD: SpawnRequest = {
  module: new URL("https://jsr.io/@distflow/pmd/0.1.0/pmd.ts"),
  args: ["--port", "4369"],
  readyTimeoutMs: 5000,
};

/** A program that says that it is ready, and lives until its port is closed. */
const daemon: SimProgram = async ({ transport, process }) => {
  const port = Number(process.args[1]);
  const { hostname } = LOCAL;
  const listener = await transport.listen({ hostname, port }, (connection) => {
    connection.close();
    listener.close();
  });
  process.writeOut(`ready `);
  process.writeOut(`on ${port} (pid ${process.pid})\nmore\n`);
};

const programs = { pmd: daemon };

simTest("a killed process never runs anything again", async (world) => {
  const { client, server, dialed, accepted } = await connectPair(world);
  const seen: string[] = [];
  const { clock, transport } = client.platform;
  clock.schedule(5, () => seen.push("timer"));
  clock.defer(() => seen.push("deferred"));
  const settle = () => void seen.push("settled");
  const address = { hostname: "10.0.0.1", port: 4369 };
  transport.connect(address, { timeoutMs: 1000 }).then(settle, settle);
  transport.listen(LOCAL, () => {}).then(settle, settle);
  client.platform.process.spawn(PMD).then(settle, settle);
  accepted.send("too late");

  client.crash();
  // What its promises still run does nothing.
  clock.schedule(1, () => seen.push("zombie timer"));
  clock.defer(() => seen.push("zombie deferred"));
  transport.connect(address, { timeoutMs: 1000 }).then(settle, settle);
  transport.listen(LOCAL, () => {}).then(settle, settle);
  client.platform.process.spawn(PMD).then(settle, settle);
  client.platform.process.writeOut("zombie\n");
  dialed.send("zombie");
  await world.settle();

  assertEquals(seen, []);
  assertEquals([dialed.text, ...dialed.events], [""]);
  assertEquals(accepted.text, "");
  assertEquals([client.alive, client.exitCode], [false, 137]);
  assertEquals([client.pendingTimers, client.pendingOperations], [0, 0]);
  assertEquals(client.output, []);
  assertEquals(world.processes.includes(client), false);
  assert(server.alive);
}, { programs });

simTest(
  "a killed process leaves no socket, listener or timer",
  async (world) => {
    const { client } = await connectPair(world);
    await listen(world, client);
    client.platform.clock.schedule(1000, () => {});
    assertEquals([client.openConnections, client.openListeners], [1, 1]);
    assertEquals(client.pendingTimers, 1);
    client.crash();
    assertEquals([client.openConnections, client.openListeners], [0, 0]);
    assertEquals(client.pendingTimers, 0);
  },
);

simTest("the port of a killed process is free at once", async (world) => {
  const [first, second] = [world.process(), world.process()];
  await listen(world, first);
  first.crash();
  const { listener } = await listen(world, second);
  assertEquals(listener.address, LOCAL);
});

simTest(
  "the peer of a killed process reads what was sent, then the end",
  async (world) => {
    const { client, accepted, dialed } = await connectPair(world);
    dialed.send("last words");
    client.crash();
    await world.run(1000);
    assertEquals(accepted.text, "last words");
    assertEquals(accepted.events, ["end"]);

    accepted.send("anybody there?");
    await world.run(1000);
    assertEquals(accepted.events, ["end", "close CONNECTION_RESET"]);
  },
);

simTest(
  "a process killed with unread data resets its connections",
  async (world) => {
    const { client, accepted, dialed } = await connectPair(world);
    dialed.connection.pause();
    accepted.send("never read");
    await world.run(100);
    client.crash();
    await world.run(100);
    assertEquals(accepted.events, ["close CONNECTION_RESET"]);
    assertEquals(dialed.events, []);
  },
);

simTest(
  "a frozen process runs nothing; thawed, it first finds its timers due",
  async (world) => {
    const { client, accepted, dialed } = await connectPair(world);
    const { clock } = client.platform;
    const seen: string[] = [];
    for (const delayMs of [10, 30, 20]) {
      clock.schedule(delayMs, () => {
        seen.push(`${delayMs} ms, read "${dialed.text}"`);
      });
    }
    const cancelled = clock.schedule(40, () => seen.push("cancelled"));
    clock.schedule(15, () => cancelled.cancel());

    const late = clock.schedule(50, () => seen.push("cancelled when due"));
    client.freeze();
    accepted.send("heartbeat");
    await world.run(5000);
    late.cancel();
    assertEquals([seen, dialed.text], [[], ""]);
    assert(client.frozen && client.alive);
    assertEquals(client.openConnections, 1);

    client.thaw();
    const thawedAtMs = world.nowMs;
    await world.until(() => dialed.text === "heartbeat");
    assertEquals(seen, [10, 20, 30].map((delayMs) => `${delayMs} ms, read ""`));
    assert(world.nowMs - thawedAtMs < 1);
  },
);

simTest(
  "a frozen process is sent no more than its buffers hold",
  async (world) => {
    const { client, accepted, dialed } = await connectPair(world);
    client.freeze();
    for (let count = 0; count < 100; count++) {
      accepted.connection.write(new Uint8Array(10_000));
    }
    await world.run(10_000);
    assertEquals(accepted.connection.queuedBytes, 1_000_000 - 65536);
    assertEquals(accepted.drainCount, 0);
    client.thaw();
    await world.until(() => dialed.byteCount === 1_000_000);
    assertEquals(accepted.drainCount, 1);
  },
);

simTest(
  "the system accepts connections for a frozen process",
  async (world) => {
    const [server, client] = [world.process(), world.process()];
    const { accepted } = await listen(world, server);
    server.freeze();
    const dialed = await connect(world, client);
    dialed.send("hello");
    await world.run(1000);
    assertEquals(accepted.length, 0);
    server.thaw();
    await world.until(() => accepted[0]?.text === "hello");
  },
);

simTest(
  "connects to a frozen process wait once its backlog is full",
  async (world) => {
    const [server, client] = [world.process(), world.process()];
    const { accepted } = await listen(world, server);
    server.freeze();
    for (let count = 0; count < 3; count++) await connect(world, client);
    await assertRejects(
      () => connect(world, client, LOCAL, 2500),
      DistflowError,
      "no answer came in time",
    );
    const waiting = connect(world, client, LOCAL, 60_000);
    server.thaw();
    await waiting;
    await world.run(10);
    assertEquals(accepted.length, 4);
  },
  { network: { backlogMax: 3 } },
);

simTest(
  "a frozen process whose connect came too late has no connection",
  async (world) => {
    const [server, client] = [world.process(), world.process()];
    const { accepted } = await listen(world, server);
    const { transport } = client.platform;
    const connecting = transport.connect(LOCAL, { timeoutMs: 100 });
    client.freeze();
    await world.run(1000);
    client.thaw();
    await assertRejects(
      () => world.until(connecting),
      DistflowError,
      "no answer came in time",
    );
    await world.until(() => accepted[0]?.events[0] === "end");
    assertEquals(client.openConnections, 0);
    assertEquals(client.pendingOperations, 0);
  },
);

simTest(
  "a spawned program runs on the same host, with its arguments",
  async (world) => {
    const parent = world.process({
      hostname: "10.0.0.9",
      env: { MODE: "test" },
    });
    const line = await world.until(parent.platform.process.spawn(PMD));
    const [, child] = world.processes;
    assert(child !== undefined);
    assertEquals(line, `ready on 4369 (pid ${child.pid})`);
    assertEquals(child.output, [line, "more"]);
    assertEquals(child.hostname, "10.0.0.9");
    assertEquals(child.platform.process.env("MODE"), "test");
    assertEquals(child.platform.process.env("PATH"), undefined);
    assertEquals(child.openListeners, 1);
    assertEquals(parent.pendingOperations, 0);
    assert(world.nowMs > 20 && world.nowMs < 200);
  },
  { programs },
);

simTest("a spawned process outlives its parent", async (world) => {
  const parent = world.process();
  const spawning = parent.platform.process.spawn(PMD);
  let isSettled = false;
  spawning.then(() => isSettled = true);
  await world.run(1);
  parent.crash();
  await world.run(1000);
  assertEquals(world.processes.map((each) => each.openListeners), [1]);
  assertEquals(isSettled, false);
}, { programs });

simTest(
  "a program with nothing left to wait for ends with 0",
  async (world) => {
    const parent = world.process();
    await world.until(parent.platform.process.spawn(PMD));
    const [, child] = world.processes;
    const dialed = await connect(world, parent);
    await world.until(() => child?.exitCode === 0);
    dialed.connection.close();
    await world.run(10);
    assertEquals(world.processes.length, 1);
    assert(parent.alive);
  },
  { programs },
);

simTest(
  "a program that waits for what cannot happen ends with 13",
  async (world) => {
    const process = world.process({ program: () => new Promise(() => {}) });
    await world.run(1);
    assertEquals(process.exitCode, 13);
  },
);

simTest("spawning fails where no process can be made", async (world) => {
  const [parent, other] = [world.process({ canSpawn: false }), world.process()];
  await assertRejects(
    () => world.until(parent.platform.process.spawn(PMD)),
    DistflowError,
    'Cannot start "pmd" as a process: this process may not',
  );
  const module = new URL("file:///srv/unknown.js");
  const error = await assertRejects(
    () => world.until(other.platform.process.spawn({ ...PMD, module })),
    DistflowError,
    'Cannot start "unknown" as a process: the world has no such program',
  );
  assertEquals(error.code, "SPAWN_UNAVAILABLE");
  assertEquals(parent.pendingOperations + other.pendingOperations, 0);
}, { programs });

simTest(
  "spawning fails if the program ends before its first line",
  async (world) => {
    const { process } = world.process().platform;
    const error = await assertRejects(
      () => world.until(process.spawn(PMD)),
      DistflowError,
      'Cannot start "pmd" as a process: it exited with 3',
    );
    assertEquals(error.code, "PMD_LAUNCH_FAILED");
  },
  { programs: { pmd: ({ process }) => process.exit(3) } },
);

simTest("spawning fails if the program stays silent", async (world) => {
  const { process } = world.process().platform;
  const error = await assertRejects(
    () => world.until(process.spawn(PMD)),
    DistflowError,
    "no line came for 5000 ms",
  );
  assertEquals(error.code, "PMD_LAUNCH_FAILED");
  assertEquals(world.processes.length, 1);
}, {
  programs: {
    pmd: ({ clock, process }) => {
      process.writeOut("no end of line");
      clock.schedule(60_000, () => {});
    },
  },
});

simTest(
  "a process that exits stops at once, like one that is killed",
  async (world) => {
    const { client, accepted, dialed } = await connectPair(world);
    const { clock, process } = client.platform;
    let ticks = 0;
    clock.schedule(10, () => {
      process.writeOut("bye");
      process.exit(7);
      clock.schedule(1, () => ticks++);
      dialed.send("too late");
    });
    clock.schedule(11, () => ticks++);
    await world.run(100);
    assertEquals([client.alive, client.exitCode, ticks], [false, 7, 0]);
    assertEquals(client.output, ["bye"]);
    assertEquals([accepted.text, ...accepted.events], ["", "end"]);
  },
);

simTest("a signal calls its handler, or ends the process", async (world) => {
  const process: SimProcess = world.process();
  const seen: string[] = [];
  const off = process.platform.process.onSignal(
    ["SIGINT", "SIGTERM"],
    (signal) => seen.push(signal),
  );
  process.signal("SIGTERM");
  process.signal("SIGINT");
  await world.run(1);
  assertEquals([seen.join(), process.alive], ["SIGTERM,SIGINT", true]);
  off();
  process.signal("SIGTERM");
  assertEquals([process.alive, process.exitCode], [false, 143]);
});

simTest("an error that a program rejects with is not lost", async (world) => {
  const process = world.process({
    program: async ({ clock }) => {
      await new Promise<void>((resolve) => clock.schedule(1, resolve));
      throw new TypeError("of the program");
    },
  });
  await world.run(10);
  assertEquals(process.uncaught.map(String), ["TypeError: of the program"]);
  assertEquals(process.exitCode, 1);
}, { onUncaught: "record" });

simTest("two hosts give the same process ids", (world) => {
  const pids = ["10.0.0.1", "10.0.0.1", "10.0.0.2"]
    .map((hostname) => world.process({ hostname }).pid);
  assertEquals(pids[0], pids[2]);
  assert(pids[0] !== pids[1]);
});

simTest(
  "values that exist once per process exist once in each process",
  (world) => {
    const [one, other] = [world.process(), world.process()];
    one.platform.process.shared.set("node", 1);
    assertEquals(one.platform.process.shared.get("node"), 1);
    assertEquals(other.platform.process.shared.get("node"), undefined);
  },
);

simSeeds(
  "a program that ends right after its first line was started",
  async (world) => {
    const { process } = world.process().platform;
    assertEquals(await world.until(process.spawn(PMD)), "runs already");
  },
  {
    seedCount: 50,
    programs: {
      pmd: ({ process }) => {
        process.writeOut("runs already\n");
        process.exit(0);
      },
    },
  },
);

simTest(
  "a program is not kept alive by a connect that is over",
  async (world) => {
    const process = world.process({
      program: async ({ transport }) => {
        const options = { timeoutMs: 60_000 };
        await transport.connect(LOCAL, options).catch(() => {});
      },
    });
    await world.run(10);
    assertEquals(process.exitCode, 0);
  },
);
