/**
 * The main job of distflow on real processes, told step by step.
 *
 * ```sh
 * deno task demo
 * ```
 *
 * It starts from nothing on a free port, and leaves nothing behind.
 *
 * @module
 */
import { type NodeOptions, NodeRuntime } from "@distflow/core";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

type Chat = { type: "HELLO" | "WELCOME"; text: string };

const IS_DENO = "Deno" in globalThis;
const isColored = process.stdout.isTTY && !process.env["NO_COLOR"];

/** One of the demo's processes: greets whoever joins, and answers greetings. */
async function runNode(alias: string, port: number): Promise<void> {
  const startedAt = performance.now();
  const options: NodeOptions = { alias, pmd: { port } };
  const node = await NodeRuntime.start<Chat>(options);
  const tookMs = Math.round(performance.now() - startedAt);
  node.onMessage(async ({ type, text }, meta) => {
    say(`received ${type} from ${meta.alias}: "${text}"`);
    if (type !== "HELLO") return;
    await node.send(meta.from, {
      type: "WELCOME",
      text: `nice to meet you, ${meta.alias}`,
    });
  });
  node.on("peer:join", async (peer) => {
    say(`peer:join  ${peer.alias} (pid ${peer.pid})`);
    if (peer.alias === undefined) return;
    await node.send(peer.alias, { type: "HELLO", text: `I am ${alias}` });
  });
  node.on(
    "peer:leave",
    (peer, reason) => say(`peer:leave ${peer.alias} (${reason})`),
  );
  process.on("SIGTERM", () => void node.shutdown());
  const peers = await node.discover();
  const names = peers.map((peer) => peer.alias).join(", ") || "nobody yet";
  say(`is up after ${tookMs} ms as process ${process.pid}; finds ${names}`);
}

function say(text: string): void {
  console.log(text);
}

/** A process of the demo, with what it says. */
class Actor {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #heard: string[] = [];
  #onLine: () => void = () => {};

  constructor(name: string, port: number) {
    this.#name = name;
    this.#child = spawn(process.execPath, [
      ...scriptArguments(import.meta.url),
      "node",
      name,
      String(port),
    ], { stdio: ["ignore", "pipe", "inherit"] });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error("A child's output is a pipe");
    createInterface({ input: stdout }).on("line", (line) => {
      console.log(`   ${this.#name.padEnd(6)}| ${line}`);
      this.#heard.push(line);
      this.#onLine();
    });
    this.#child.on("exit", () => this.#onLine());
  }

  /** Resolves when the process has said something with `text` in it. */
  async says(text: string): Promise<void> {
    while (!this.#heard.some((line) => line.includes(text))) {
      if (this.#hasEnded) throw new Error(`${this.#name} ended too early`);
      await new Promise<void>((resolve) => this.#onLine = resolve);
    }
  }

  async end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    if (this.#hasEnded) return;
    this.#child.kill(signal);
    await once(this.#child, "exit");
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}

async function runDemo(): Promise<void> {
  const port = await freePort();
  const actors: Actor[] = [];
  // Once an actor has ended, the step that waits for it fails.
  const stop = () => actors.forEach((actor) => void actor.end("SIGKILL"));
  // Ctrl-C comes twice: from the terminal, and passed on by `deno task`.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, stop);
  }
  // Whoever read this may be gone; the actors are to be ended all the same.
  process.stdout.on("error", () => {});
  try {
    step("Nothing is running. Start alice: she starts the PMD by herself.");
    const alice = new Actor("alice", port);
    actors.push(alice);
    await alice.says("is up");

    step("Start bob: they discover each other and talk, both ways.");
    const bob = new Actor("bob", port);
    actors.push(bob);
    await bob.says("is up");
    await bob.says("received HELLO from alice");
    await alice.says("received WELCOME from bob");

    step("What an administrator sees:");
    await runCli(port, "pmd", "list");

    step("Kill bob the hard way (kill -9): alice sees it at once.");
    const killedAt = performance.now();
    await bob.end("SIGKILL");
    await alice.says("peer:leave bob");
    const tookMs = (performance.now() - killedAt).toFixed(1);
    console.log(`   seen ${tookMs} ms after the kill`);

    step("Clean up: alice shuts down, then the PMD.");
    await alice.end("SIGTERM");
    await runCli(port, "pmd", "kill");
    console.log("\nThat was the main job of distflow.");
  } catch (error) {
    console.error(`\nThe demo ends early: ${error}`);
    await Promise.all(actors.map((actor) => actor.end("SIGKILL")));
    await runCli(port, "pmd", "kill", "--force");
    process.exitCode = 1;
  }
}

let stepCount = 0;

function step(text: string): void {
  const title = `${++stepCount}. ${text}`;
  console.log(isColored ? `\n\x1b[1m${title}\x1b[0m` : `\n${title}`);
}

async function runCli(port: number, ...words: string[]): Promise<void> {
  console.log(`   $ distflow ${words.join(" ")} --port ${port}`);
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const child = spawn(process.execPath, [
    ...scriptArguments(new URL(`../cli.${extension}`, import.meta.url).href),
    ...words,
    "--port",
    String(port),
    // Not to be interrupted together with this process: it cleans up.
  ], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on(
      "line",
      (line) => console.log(`   ${line}`),
    );
  }
  const [code] = await once(child, "close");
  if (code !== 0) process.exitCode = 1;
}

function scriptArguments(url: string): string[] {
  const script = fileURLToPath(url);
  // Without --quiet, Deno may tell of downloads in the middle of the story.
  return IS_DENO ? ["run", "-A", "--quiet", script] : [script];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

const [role, alias, portText] = process.argv.slice(2);
if (role === "node") await runNode(alias ?? "", Number(portText));
else await runDemo();
