import type { Connection } from "../../../src/transport/transport.ts";
import type { SimProcess, SimWorld } from "../../../src/sim/mod.ts";

const PORT = 5000;

/**
 * A load for the simulator itself: ten processes on three hosts keep
 * connecting to each other and echo what they get, while processes are killed,
 * frozen and replaced, connections cut and hosts partitioned.
 */
export async function chatter(world: SimWorld): Promise<void> {
  const { random } = world;
  const processes: SimProcess[] = [];
  for (let index = 0; index < 10; index++) {
    processes.push(startChatting(world, index));
  }
  for (let round = 0; round < 25; round++) {
    await world.run(random.below(200));
    const index = random.below(processes.length);
    const process = processes[index];
    if (process === undefined) continue;
    switch (random.below(6)) {
      case 0:
        process.crash();
        processes[index] = startChatting(world, index);
        break;
      case 1:
        process.freeze();
        break;
      case 2:
        for (const each of processes) each.thaw();
        break;
      case 3:
        if (world.connections.length > 0) {
          world.cut(random.pick(world.connections));
        }
        break;
      case 4:
        world.partition([hostnameOf(index)], [hostnameOf(index + 1)]);
        break;
      default:
        world.heal();
    }
  }
}

function hostnameOf(index: number): string {
  return `10.0.0.${1 + index % 3}`;
}

function startChatting(world: SimWorld, index: number): SimProcess {
  const process = world.process({ hostname: hostnameOf(index) });
  const { clock, random, transport } = process.platform;
  const address = { hostname: process.hostname, port: PORT + index };
  transport.listen(address, (connection) => echo(connection));
  const talk = () => {
    clock.schedule(20 + random.below(60), talk);
    const peer = random.below(10);
    const remote = { hostname: hostnameOf(peer), port: PORT + peer };
    transport.connect(remote, { timeoutMs: 500 }).then(
      (connection) => say(connection, 1 + random.below(3000)),
      () => {},
    );
  };
  clock.schedule(random.below(50), talk);
  return process;
}

function echo(connection: Connection): void {
  connection.start({
    data: (bytes) => void connection.write(bytes.slice()),
    drain: () => {},
    end: () => connection.end(),
    close: () => {},
  });
}

function say(connection: Connection, byteCount: number): void {
  let missing = byteCount;
  connection.start({
    data: (bytes) => {
      missing -= bytes.length;
      if (missing === 0) connection.end();
    },
    drain: () => {},
    end: () => connection.end(),
    close: () => {},
  });
  connection.write(new Uint8Array(byteCount).fill(byteCount));
}
