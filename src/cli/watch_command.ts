import type { Timer } from "../base/clock.ts";
import { Deferred } from "../base/deferred.ts";
import { DistflowError } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import { escapeLine } from "../log/escape.ts";
import {
  Directory,
  type DirectoryChange,
  type PeerInfo,
} from "../node/directory.ts";
import type { PmdClient } from "../pmd/client.ts";
import { HEARTBEAT_MS, LEASE_MS } from "../pmd/options.ts";
import { formatAddress } from "../transport/transport.ts";
import type {
  LeaveReason,
  PmdEvent,
  PmdSnapshot,
} from "../wire/pmd_messages.ts";
import { type CommandContext, openPmd, withinTimeout } from "./context.ts";
import { NO_ALIAS, peerValue } from "./node_view.ts";
import type { Style } from "./style.ts";

/** What a line of the watch tells of a node. */
type Sight = "present" | "join" | "leave";

const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 1000;

const STYLES: Readonly<Record<Sight, Style>> = {
  present: "dim",
  join: "green",
  leave: "red",
};

/**
 * `distflow pmd watch`: prints until it is interrupted or nobody reads.
 *
 * @throws {DistflowError} Why there is no PMD to begin with.
 */
export async function watchNodes(context: CommandContext): Promise<void> {
  const { platform, terminal } = context;
  const watch = new Watch(context);
  const restoreSignals = platform.process.onSignal(
    ["SIGINT", "SIGTERM", "SIGHUP"],
    () => watch.end(),
  );
  const restoreOut = terminal.onOutClosed(() => watch.end());
  try {
    await watch.run();
  } finally {
    restoreSignals();
    restoreOut();
  }
}

/** Follows one PMD after the other, as a node does. */
class Watch {
  readonly #context: CommandContext;
  /** A watcher is no node: there is none that the directory should leave out. */
  readonly #directory = new Directory("");
  readonly #ended = new Deferred<void>();
  #isEnded = false;
  #isFirst = true;
  #pingTimer: Timer | undefined;
  #suspectTimer: Timer | undefined;

  constructor(context: CommandContext) {
    this.#context = context;
  }

  /** Makes `run` return. */
  end(): void {
    this.#isEnded = true;
    this.#ended.resolve();
  }

  async run(): Promise<void> {
    let client: PmdClient | undefined = await this.#connect();
    while (client !== undefined) {
      await Promise.race([client.ended, this.#ended.promise]);
      this.#pingTimer?.cancel();
      this.#suspectTimer?.cancel();
      if (this.#isEnded) return await client.close();
      this.#tellLoss();
      client = await this.#reconnect();
    }
  }

  async #connect(): Promise<PmdClient> {
    const client = await withinTimeout(
      this.#context,
      "watch the nodes",
      openPmd(this.#context),
    );
    try {
      // The snapshot comes before the answer.
      await client.watch((message) => this.#onMessage(client, message));
    } catch (error) {
      await client.close();
      throw error;
    }
    if (this.#isFirst) this.#tellEmptiness();
    this.#isFirst = false;
    this.#planPing(client);
    this.#planDropSuspects();
    return client;
  }

  /** The next PMD; undefined if the watch ends before there is one. */
  async #reconnect(): Promise<PmdClient | undefined> {
    const { clock, random } = this.#context.platform;
    let limitMs = BACKOFF_MIN_MS;
    while (!this.#isEnded) {
      const due = new Deferred<void>();
      const timer = clock.schedule(
        limitMs / 2 + random.below(limitMs),
        () => due.resolve(),
      );
      await Promise.race([due.promise, this.#ended.promise]);
      timer.cancel();
      if (this.#isEnded) return undefined;
      limitMs = Math.min(BACKOFF_MAX_MS, limitMs * 2);
      try {
        const client = await this.#connect();
        this.#tellReturn(client);
        return client;
      } catch (error) {
        const isFinal = !(error instanceof DistflowError) ||
          error.code === "PROTOCOL_MISMATCH";
        if (isFinal) throw error;
      }
    }
    return undefined;
  }

  #onMessage(client: PmdClient, message: PmdSnapshot | PmdEvent): void {
    const changes = message.type === "snapshot"
      ? this.#directory.applySnapshot(message)
      : this.#directory.applyEvent(message);
    if (changes === undefined) {
      // Events are missing: a new snapshot shows what they would have told.
      client.watch((next) => this.#onMessage(client, next)).catch(() => {
        // The connection is lost, and `ended` tells.
      });
    } else this.#tellChanges(changes);
  }

  /** A PMD that stands still closes nothing: only an answer shows it alive. */
  #planPing(client: PmdClient): void {
    const { clock } = this.#context.platform;
    this.#pingTimer = clock.schedule(HEARTBEAT_MS, () => {
      this.#planPing(client);
      client.status().catch(() => {
        // The connection is lost, and `ended` tells.
      });
    });
  }

  /** Nodes that do not turn up at the new PMD have left with the old one. */
  #planDropSuspects(): void {
    const { clock } = this.#context.platform;
    const directory = this.#directory;
    if (directory.suspects.length === 0) return;
    this.#suspectTimer = clock.schedule(LEASE_MS, () => {
      for (const peer of directory.suspects) {
        this.#tellChanges(directory.dropSuspect(peer, "expired"));
      }
    });
  }

  #tellChanges(changes: readonly DirectoryChange[]): void {
    for (const change of changes) {
      if (change.type === "leave") {
        this.#tellNode("leave", change.peer, change.reason);
      } else this.#tellNode(this.#isFirst ? "present" : "join", change.peer);
    }
  }

  #tellNode(sight: Sight, peer: PeerInfo, reason?: LeaveReason): void {
    const { printer } = this.#context;
    if (printer.json) {
      this.#tellValue(sight, {
        node: peerValue(peer),
        ...(reason === undefined ? {} : { reason }),
      });
      return;
    }
    const { alias = NO_ALIAS, nodeId, host, port, pid, runtime } = peer;
    const address = formatAddress({ hostname: host, port });
    const words = [
      this.#clockTime(),
      printer.paint(STYLES[sight], sight.padEnd(7)),
      escapeLine(alias).padEnd(16),
      escapeLine(nodeId).padEnd(24),
      reason ?? escapeLine(`${address} ${runtime} pid ${pid}`),
    ];
    printer.line(words.join("  "));
  }

  /** Or else it would look as if nothing happened. */
  #tellEmptiness(): void {
    const { printer, settings } = this.#context;
    if (this.#directory.peers.length > 0) return;
    printer.note(
      `No nodes are registered with the PMD at ${
        formatAddress(settings.address)
      } yet: waiting`,
    );
  }

  #tellLoss(): void {
    const { printer, settings } = this.#context;
    this.#directory.suspectAll();
    if (printer.json) return this.#tellValue("disconnect", {});
    printer.note(
      `Lost the PMD at ${
        formatAddress(settings.address)
      }: waiting for the next one`,
    );
  }

  #tellReturn({ pmdPid }: PmdClient): void {
    const { printer, settings } = this.#context;
    if (printer.json) return this.#tellValue("connect", { pid: pmdPid });
    printer.note(
      `Watching the PMD at ${
        formatAddress(settings.address)
      } again (pid ${pmdPid})`,
    );
  }

  #tellValue(type: string, rest: { readonly [key: string]: JsonValue }): void {
    const { platform, printer } = this.#context;
    printer.value({ type, atMs: platform.clock.wallMs(), ...rest });
  }

  #clockTime(): string {
    const date = new Date(this.#context.platform.clock.wallMs());
    return [date.getHours(), date.getMinutes(), date.getSeconds()]
      .map((part) => String(part).padStart(2, "0")).join(":");
  }
}
