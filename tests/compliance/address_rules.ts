import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import type { RuleTest } from "./stage.ts";

const TIMEOUT_MS = 300;

/** Clocks of the system are a little coarser than those of JavaScript. */
const CLOCK_ERROR_MS = 5;

/** How ports are opened and found. */
export function addressRules(test: RuleTest): void {
  test("each address of the machine can be listened on and found", async (stage) => {
    for (const hostname of stage.world.hostnames) {
      const port = await stage.listen({ hostname });
      assertEquals(port.address.hostname, hostname);
      const dialed = await stage.dial(port.address);
      const accepted = await stage.until(port.take(0));
      dialed.send(100);
      accepted.send(200);
      await stage.untilAll(dialed.receives(200), accepted.receives(100));
    }
  });

  test("both sides know both addresses", async (stage) => {
    const { port, dialed, accepted } = await stage.pair();
    assertEquals(dialed.connection.remote, port.address);
    assertEquals(accepted.connection.local, port.address);
    assertEquals(dialed.connection.local, accepted.connection.remote);
    assertGreater(dialed.connection.local.port, 0);
  });

  test("port 0 gives a free port, and tells which", async (stage) => {
    const ports = new Set<number>();
    for (let count = 0; count < 20; count++) {
      const { address } = await stage.listen();
      assert(address.port > 0 && address.port < 65536);
      ports.add(address.port);
    }
    assertEquals(ports.size, 20);
  });

  test("a port has one listener at a time", async (stage) => {
    const port = await stage.listen();
    await stage.failsToListen("ADDRESS_IN_USE", port.address);
    await stage.dial(port.address);
    await stage.until(port.take(0));
  });

  test("nobody can listen on an address of no machine, or no name", async (stage) => {
    for (const name of ["foreignHostname", "unknownHostname"] as const) {
      const address = { hostname: stage.world[name], port: 0 };
      await stage.failsToListen("ADDRESS_UNAVAILABLE", address);
    }
  });

  test("a name that nobody knows cannot be connected to", async (stage) => {
    const address = { hostname: stage.world.unknownHostname, port: 4369 };
    await stage.failsToDial("ADDRESS_UNAVAILABLE", address);
  });

  test("where nobody listens a connect is refused", async (stage) => {
    for (const hostname of stage.world.hostnames) {
      const { listener, address } = await stage.listen({ hostname });
      await stage.until(listener.close());
      await stage.failsToDial("CONNECTION_REFUSED", address);
    }
  });

  test("a connect without an answer ends when its time is over", async (stage) => {
    // Left out where no such address can be made.
    const address = await stage.world.silentAddress?.();
    if (address === undefined) return;
    const startMs = stage.world.clock.monotonicMs();
    await stage.failsToDial("CONNECTION_TIMEOUT", address, TIMEOUT_MS);
    const passedMs = stage.world.clock.monotonicMs() - startMs;
    assertGreater(passedMs, TIMEOUT_MS - CLOCK_ERROR_MS);
  });

  test("a connect that is given up ends at once, and leaves nothing", async (stage) => {
    // Otherwise an address that would answer is given up before it does.
    const address = await stage.world.silentAddress?.() ??
      (await stage.listen()).address;
    const startMs = stage.world.clock.monotonicMs();
    await stage.failsToDialOnceGivenUp(address, false);
    await stage.failsToDialOnceGivenUp(address, true);
    const passedMs = stage.world.clock.monotonicMs() - startMs;
    assertLess(passedMs, TIMEOUT_MS);
  });

  test("a connection that is there stays when its attempt is given up", async (stage) => {
    const port = await stage.listen();
    const abort = new AbortController();
    const dialed = await stage.until(
      stage.dialing(port.address, (witness) => witness.start(), abort.signal),
    );
    abort.abort();
    const accepted = await stage.until(port.take(0));
    dialed.send(100);
    await stage.until(accepted.receives(100));
  });

  test("a closed port is free at once, and keeps what it accepted", async (stage) => {
    const { port, dialed, accepted } = await stage.pair();
    await stage.untilAll(port.listener.close(), port.listener.close());
    await stage.failsToDial("CONNECTION_REFUSED", port.address);
    for (let round = 0; round < 3; round++) {
      const again = await stage.listen(port.address);
      assertEquals(again.address, port.address);
      const other = await stage.dial(again.address);
      other.send(10);
      await stage.until((await stage.until(again.take(0))).receives(10));
      await stage.until(again.listener.close());
    }
    dialed.send(2_000_000);
    accepted.send(1000);
    await stage.untilAll(accepted.receives(2_000_000), dialed.receives(1000));
    assertEquals(port.accepted.length, 1);
  });

  test("connections that come while a port closes are not lost track of", async (stage) => {
    const port = await stage.listen();
    const dialing = Array.from(
      { length: 20 },
      () => stage.dialing(port.address),
    );
    const closed = port.listener.close();
    const results = await stage.until(Promise.allSettled(dialing));
    await stage.until(closed);
    // Accepted, refused, or connected and then reset; but over, for both.
    for (const result of results) {
      if (result.status === "fulfilled") result.value.send(1);
      else assertEquals(result.reason.name, "DistflowError");
    }
    await stage.world.settle();
    await stage.listen(port.address);
  });
}
