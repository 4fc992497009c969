import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertRejects,
} from "@std/assert";
import { DistflowError, type ErrorCode } from "../../src/base/errors.ts";
import type { Connection } from "../../src/transport/transport.ts";
import type { SimProcess, SimWorld } from "../../src/sim/mod.ts";
import { connect, connectPair, listen, LOCAL } from "./support/recorder.ts";
import { simSeeds, simTest } from "./support/sim_test.ts";

async function assertCode(
  code: ErrorCode,
  act: () => Promise<unknown>,
): Promise<void> {
  const error = await assertRejects(act, DistflowError);
  assertEquals(error.code, code);
}

function listenOn(
  world: SimWorld,
  process: SimProcess,
  hostname: string,
  port: number,
): Promise<{ address: { hostname: string; port: number } }> {
  const { transport } = process.platform;
  return world.until(transport.listen({ hostname, port }, () => {}));
}

simSeeds(
  "bytes arrive in order and whole, however they are cut",
  async (world) => {
    const { dialed, accepted } = await connectPair(world);
    const { random } = world;
    const sent = [["", ""], ["", ""]] as [string, string][];
    for (let count = 0; count < 30; count++) {
      for (const [side, from] of [dialed, accepted].entries()) {
        const text = `${count}:${"x".repeat(random.below(2000))}`;
        from.send(text);
        (sent[side] as [string, string])[0] += text;
      }
      if (random.chance(30)) await world.run(random.below(3));
    }
    dialed.connection.end();
    accepted.connection.end();
    await world.until(() => dialed.isClosed && accepted.isClosed);
    assertEquals(accepted.text, sent[0]?.[0]);
    assertEquals(dialed.text, sent[1]?.[0]);
    assertEquals([dialed.events, accepted.events], [
      ["end", "close"],
      ["end", "close"],
    ]);
  },
  { seedCount: 100 },
);

simTest("bytes arrive in pieces, and small writes together", async (world) => {
  const { dialed, accepted } = await connectPair(world);
  for (let count = 0; count < 200; count++) {
    dialed.send("0123456789");
    if (count % 4 === 0) await world.run(1);
  }
  await world.until(() => accepted.byteCount === 2000);
  assert(accepted.chunkSizes.some((size) => size % 10 !== 0));
  assert(accepted.chunkSizes.some((size) => size > 10));
});

simTest(
  "a handler that keeps the bytes it was given finds them overwritten",
  async (world) => {
    const { dialed, accepted } = await connectPair(world);
    const kept: Uint8Array[] = [];
    accepted.data = (bytes) => void kept.push(bytes);
    dialed.send("secret");
    await world.until(() => kept.length > 0);
    assertEquals([...new Set(kept[0])], [0xdb]);
  },
);

simTest(
  "a sender feels a slow reader, and is told when to go on",
  async (world) => {
    const { dialed, accepted } = await connectPair(world);
    accepted.connection.pause();
    let written = 0;
    while (dialed.connection.write(new Uint8Array(10_000))) written += 10_000;
    assertGreater(dialed.connection.queuedBytes, 256 * 1024);
    assertLess(written, 400_000);
    await world.run(60_000);
    assertEquals([dialed.drainCount, accepted.byteCount], [0, 0]);

    accepted.connection.resume();
    await world.until(() => dialed.drainCount === 1);
    assert(dialed.connection.queuedBytes <= 256 * 1024);
    assert(dialed.connection.write(new Uint8Array(1)));
    await world.until(() => accepted.byteCount === written + 10_001);
    assertEquals(dialed.connection.queuedBytes, 0);
  },
);

simTest("a small write does not wait in the queue", async (world) => {
  const { dialed } = await connectPair(world);
  assert(dialed.send("small"));
  assertEquals(dialed.connection.queuedBytes, 0);
});

simTest(
  "pausing within a call holds back all that comes after it",
  async (world) => {
    const { dialed, accepted } = await connectPair(world);
    const { data } = accepted;
    accepted.data = (bytes) => {
      data.call(accepted, bytes);
      accepted.connection.pause();
    };
    dialed.send("first");
    await world.run(100);
    const read = accepted.text;
    assertGreater(read.length, 0);
    dialed.send("second");
    dialed.connection.end();
    await world.run(100);
    assertEquals([accepted.text, ...accepted.events], [read]);
    accepted.data = data;
    accepted.connection.resume();
    await world.until(() => accepted.events.length > 0);
    assertEquals([accepted.text, ...accepted.events], ["firstsecond", "end"]);
  },
);

simTest("one side may end and still be answered", async (world) => {
  const { dialed, accepted, client, server } = await connectPair(world);
  dialed.send("question");
  dialed.connection.end();
  dialed.send("dropped");
  await world.until(() => accepted.events.length > 0);
  assertEquals([accepted.text, ...accepted.events], ["question", "end"]);
  accepted.send("answer");
  accepted.connection.end();
  await world.until(() => dialed.isClosed);
  assertEquals([dialed.text, ...dialed.events], ["answer", "end", "close"]);
  await world.run(1);
  assertEquals(accepted.events, ["end", "close"]);
  assertEquals([client.openConnections, server.openConnections], [0, 0]);
  assertEquals(world.connections, []);
});

simTest("an end waits for all that was queued before it", async (world) => {
  const { dialed, accepted } = await connectPair(world);
  accepted.connection.end();
  dialed.connection.write(new Uint8Array(1_000_000));
  dialed.connection.end();
  await world.until(() => accepted.isClosed && dialed.isClosed);
  assertEquals(accepted.byteCount, 1_000_000);
  assertEquals(accepted.events, ["end", "close"]);
});

simTest("close ends both sides, and is told once to each", async (world) => {
  const { dialed, accepted } = await connectPair(world);
  let isInside = true;
  const { close } = dialed;
  dialed.close = (error) => {
    assert(!isInside);
    close.call(dialed, error);
  };
  dialed.connection.close();
  dialed.connection.close();
  isInside = false;
  await world.run(100);
  assertEquals(dialed.events, ["close"]);
  assertEquals(accepted.events, ["end"]);
  accepted.connection.end();
  await world.run(100);
  assertEquals(accepted.events, ["end", "close"]);
});

simTest("who writes to a closed side is reset", async (world) => {
  const { dialed, accepted } = await connectPair(world);
  accepted.connection.close();
  dialed.send("into the void");
  await world.run(100);
  assertEquals(dialed.events.at(-1), "close CONNECTION_RESET");
  assertEquals(accepted.events, ["close"]);
  assertEquals(dialed.send("more"), true);
});

simTest("nothing is told before a connection is started", async (world) => {
  const [server, client] = [world.process(), world.process()];
  const held: Connection[] = [];
  await world.until(
    server.platform.transport.listen(LOCAL, (each) => held.push(each)),
  );
  const dialed = await connect(world, client);
  dialed.send("early");
  dialed.connection.end();
  await world.run(100);
  const { Recorder } = await import("./support/recorder.ts");
  const [connection] = held;
  assert(connection !== undefined);
  const accepted = new Recorder(connection);
  assertEquals(accepted.events, []);
  await world.run(100);
  assertEquals([accepted.text, ...accepted.events], ["early", "end"]);
});

simTest("both sides know both addresses", async (world) => {
  const { dialed, accepted, listener } = await connectPair(world);
  assertEquals(dialed.connection.remote, listener.address);
  assertEquals(accepted.connection.local, listener.address);
  assertEquals(dialed.connection.local, accepted.connection.remote);
  assertEquals(dialed.connection.local.hostname, "10.0.0.2");
  assertGreater(dialed.connection.local.port, 0);
});

simTest("a connect to where nobody listens is refused", async (world) => {
  const process = world.process();
  world.process({ hostname: "10.0.0.2" });
  for (const hostname of ["127.0.0.1", "localhost", "::1", "10.0.0.2"]) {
    await assertCode(
      "CONNECTION_REFUSED",
      () => connect(world, process, { hostname, port: 1 }),
    );
  }
  assertEquals(process.pendingOperations, 0);
});

simTest(
  "a connect to an address without a machine times out",
  async (world) => {
    const process = world.process();
    const startMs = world.nowMs;
    await assertCode(
      "CONNECTION_TIMEOUT",
      () => connect(world, process, { hostname: "10.9.9.9", port: 1 }, 700),
    );
    assertEquals(world.nowMs - startMs, 700);
    assertEquals(process.pendingTimers, 0);
  },
);

simTest("a connect to a name that nobody knows fails", async (world) => {
  await assertCode(
    "ADDRESS_UNAVAILABLE",
    () => connect(world, world.process(), { hostname: "nowhere", port: 1 }),
  );
});

simTest("a port has one listener at a time", async (world) => {
  const [one, other] = [world.process(), world.process()];
  const first = await listen(world, one);
  await assertCode("ADDRESS_IN_USE", () => listen(world, other));
  await world.until(first.listener.close());
  await listen(world, other);
  assertEquals([one.openListeners, other.openListeners], [0, 1]);
});

simTest("listening on every address takes the port of each", async (world) => {
  const process = world.process();
  await listenOn(world, process, "0.0.0.0", 1);
  await assertCode(
    "ADDRESS_IN_USE",
    () => listenOn(world, process, "10.0.0.1", 1),
  );
  await listenOn(world, process, "::1", 1);
  await listenOn(world, process, "127.0.0.1", 2);
  await listenOn(world, process, "10.0.0.1", 2);
  for (const hostname of ["0.0.0.0", "::", "localhost"]) {
    await assertCode(
      "ADDRESS_IN_USE",
      () => listenOn(world, process, hostname, 2),
    );
  }
});

simTest("port 0 asks for any free port", async (world) => {
  const process = world.process();
  const ports = new Set<number>();
  for (let count = 0; count < 50; count++) {
    const { address } = await listenOn(world, process, "127.0.0.1", 0);
    ports.add(address.port);
  }
  assertEquals(ports.size, 50);
  assert(!ports.has(0));
});

simTest("nobody can listen on another machine's address", async (world) => {
  world.process({ hostname: "10.0.0.2" });
  const process = world.process();
  for (const hostname of ["10.0.0.2", "10.9.9.9", "example.org"]) {
    await assertCode(
      "ADDRESS_UNAVAILABLE",
      () => listenOn(world, process, hostname, 1),
    );
  }
});

simTest("loopback leads to one's own host only", async (world) => {
  const [here, there] = ["10.0.0.1", "10.0.0.2"]
    .map((hostname) => world.process({ hostname }));
  assert(here && there);
  await listen(world, here);
  await connect(world, here);
  await connect(world, here, { hostname: "localhost", port: LOCAL.port });
  await assertCode("CONNECTION_REFUSED", () => connect(world, there));
  await assertCode(
    "CONNECTION_REFUSED",
    () => connect(world, there, { hostname: "10.0.0.1", port: LOCAL.port }),
  );
});

simTest("localhost finds a listener on ::1, too", async (world) => {
  const process = world.process();
  await listen(world, process, { hostname: "::1", port: 1 });
  const dialed = await connect(world, process, {
    hostname: "localhost",
    port: 1,
  });
  assertEquals(dialed.connection.remote, { hostname: "::1", port: 1 });
});

simTest(
  "a closed listener keeps what it accepted and resets what waits",
  async (world) => {
    const { server, client, accepted, dialed, listener } = await connectPair(
      world,
    );
    server.freeze();
    const waiting = await connect(world, client, listener.address);
    listener.close();
    await world.run(100);
    assertEquals(waiting.events, ["close CONNECTION_RESET"]);
    server.thaw();
    dialed.send("still here");
    await world.until(() => accepted.text === "still here");
    assertEquals(server.openListeners, 0);
  },
);

simTest("bytes take a while, and longer between hosts", async (world) => {
  const times: number[] = [];
  for (const client of ["10.0.0.1", "10.0.0.2"]) {
    const { dialed, accepted } = await connectPair(world, ["10.0.0.1", client]);
    const startMs = world.nowMs;
    dialed.send("x");
    await world.until(() => accepted.byteCount === 1);
    times.push(world.nowMs - startMs);
    accepted.connection.close();
    world.processes.forEach((process) => process.crash());
  }
  const [localMs = 0, remoteMs = 0] = times;
  assert(localMs >= 1 && localMs <= 2.5, `${localMs}`);
  assert(remoteMs >= 10 && remoteMs <= 25, `${remoteMs}`);
}, {
  network: {
    localLatencyMs: [1, 2],
    remoteLatencyMs: [10, 20],
    spikePercent: 0,
  },
});

simTest("large data takes the time that the bandwidth needs", async (world) => {
  const { dialed, accepted } = await connectPair(world);
  const startMs = world.nowMs;
  dialed.connection.write(new Uint8Array(1_000_000));
  await world.until(() => accepted.byteCount === 1_000_000);
  assertGreater(world.nowMs - startMs, 1000);
}, { network: { bytesPerMs: 1000, windowBytes: 1_000_000 } });
