import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect } from "node:net";
import { Program } from "./program.ts";
import type { Runtime } from "./runtime.ts";
import { freePorts } from "./systems/bare_socket.ts";

/** What the programs of a benchmark are made of. */
export interface System {
  /** As results show it. */
  readonly title: string;
  /** What has to be installed for it, if anything. */
  readonly needs?: readonly string[];
}

/** What messages are sent with. */
export type SystemName =
  | "distflow"
  | "frames"
  | "arrays"
  | "nats"
  | "moleculer"
  | "erlang"
  | "erlang-tuned";

const ERLANG = ["erl", "erlc", "epmd"];

/** The library, and what it is compared with. */
export const SYSTEMS: Readonly<Record<SystemName, System>> = {
  distflow: { title: "distflow" },
  frames: { title: "bare socket, a JSON text a frame" },
  arrays: { title: "bare socket, a JSON array a turn" },
  nats: { title: "NATS", needs: ["nats-server"] },
  moleculer: { title: "Moleculer, TCP" },
  erlang: { title: "Erlang", needs: ERLANG },
  "erlang-tuned": { title: "Erlang +zdbbl 65536", needs: ERLANG },
};

/** Whether what a system needs is installed on this machine. */
export function isInstalled(name: SystemName): boolean {
  const { needs = [] } = SYSTEMS[name];
  return needs.every(hasCommand);
}

/** Whether this machine has a command. */
export function hasCommand(command: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** What a process of a benchmark is told on its command line. */
export interface Role {
  readonly self: number;
  readonly [key: string]: unknown;
}

/** The processes of one run of one system, and the server that it needs. */
export class Cast implements AsyncDisposable {
  readonly peers: readonly Program[];
  readonly #stack: AsyncDisposableStack;

  private constructor(peers: readonly Program[], stack: AsyncDisposableStack) {
    this.peers = peers;
    this.#stack = stack;
  }

  /** Starts a program as each of the peers, and waits until all are open. */
  static async start(
    runtime: Runtime,
    system: SystemName,
    program: string,
    roles: readonly Role[],
  ): Promise<Cast> {
    await using stack = new AsyncDisposableStack();
    const port = await freePorts(roles.length + 2);
    const start = system.startsWith("erlang")
      ? await startErlang(stack, port, system === "erlang-tuned", program)
      : (role: Role) => {
        const words = [...runtime.command(program), JSON.stringify(role)];
        return new Program(words);
      };
    if (system === "nats") await startNats(stack, port);
    const peers: Program[] = [];
    const peerCount = roles.length;
    for (const role of roles) {
      const peer = start({ ...role, system, peerCount, port });
      stack.use(peer);
      peers.push(peer);
      // The first one may be what the others find each other with.
      if (peers.length === 1) await peer.next("open");
    }
    for (const peer of peers.slice(1)) await peer.next("open");
    return new Cast(peers, stack.move());
  }

  /** The process with a number. */
  peer(number: number): Program {
    const peer = this.peers[number];
    if (peer === undefined) throw new Error(`There is no peer ${number}`);
    return peer;
  }

  /** Tells all a word, and waits until all have said another one. */
  async tell(word: string, answer: string): Promise<void> {
    for (const peer of this.peers) peer.tell(word);
    for (const peer of this.peers) await peer.next(answer);
  }

  /** Ends all, the first one last. */
  async end(): Promise<void> {
    for (const peer of this.peers.toReversed()) await peer.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function startNats(
  stack: AsyncDisposableStack,
  port: number,
): Promise<void> {
  const server = ["nats-server", "-a", "127.0.0.1", "-p", String(port)];
  stack.use(new Program([...server, "--log", "/dev/null"]));
  await untilSomebodyListens(port);
}

/** Resolves once somebody listens on a port. */
export async function untilSomebodyListens(port: number): Promise<void> {
  while (!await answers(port)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** Compiles the program, starts an epmd for it, and returns what starts it. */
async function startErlang(
  stack: AsyncDisposableStack,
  port: number,
  isTuned: boolean,
  program: string,
): Promise<(role: Role) => Program> {
  const folder = mkdtempSync(join(tmpdir(), "distflow-bench-"));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const source = new URL(`./programs/${program}.erl`, import.meta.url);
  execFileSync("erlc", ["-o", folder, fileURLToPath(source)]);
  const env = {
    ERL_EPMD_PORT: String(port),
    ERL_EPMD_ADDRESS: "127.0.0.1",
  };
  stack.use(new Program(["epmd"], env));
  await untilSomebodyListens(port);
  return (role) =>
    new Program([
      "erl",
      ...(isTuned ? ["+zdbbl", "65536"] : []),
      ...["-noshell", "-pa", folder, "-name", `peer${role.self}@127.0.0.1`],
      ...["-setcookie", "bench", "-start_epmd", "false"],
      ...["-kernel", "inet_dist_use_interface", "{127,0,0,1}"],
      ...["-s", program, "main", "-extra"],
      ...Object.entries(role).flatMap(([key, value]) => [key, String(value)]),
    ], env);
}
