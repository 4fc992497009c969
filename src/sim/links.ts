import type { SeededRandom } from "../base/random.ts";
import type { Execution } from "./execution.ts";
import type { Host } from "./host.ts";
import { drawUs, type NetworkSettings } from "./network_options.ts";
import type { Scheduler } from "./scheduler.ts";

/** One direction between two hosts, for one connection. */
export interface Path {
  /** Where it starts. */
  readonly fromHost: Host;
  /** Where it ends. */
  readonly toHost: Host;
  /** Who sends on it. */
  readonly from: Execution | undefined;
  /** Who receives from it; unknown while a connection is being opened. */
  readonly to: Execution | undefined;
  /** How long it takes at least. */
  readonly latencyUs: number;
}

/** Something that a partition holds up. */
export interface HeldUp {
  /** The way it takes. */
  readonly path: Path;
  /** Sends it again: the way is free. */
  retry(): void;
}

interface SlowRule {
  readonly one: Execution;
  readonly other: Execution | undefined;
  readonly factor: number;
}

interface Partition {
  readonly one: ReadonlySet<string>;
  readonly other: ReadonlySet<string>;
}

/**
 * The ways between hosts: how long they take, and which are blocked.
 */
export class Links {
  /** How the network behaves. */
  readonly settings: NetworkSettings;
  /** Chance of the network alone, so that its draws disturb no other. */
  readonly random: SeededRandom;
  /** Time. */
  readonly scheduler: Scheduler;

  readonly #heldUp: Map<HeldUp, number> = new Map();
  #slowRules: readonly SlowRule[] = [];
  #partitions: readonly Partition[] = [];

  /** Makes a network without faults. */
  constructor(
    scheduler: Scheduler,
    random: SeededRandom,
    settings: NetworkSettings,
  ) {
    this.scheduler = scheduler;
    this.random = random;
    this.settings = settings;
  }

  /** A way from `fromHost` to `toHost`, with a latency of its own. */
  path(
    fromHost: Host,
    toHost: Host,
    from: Execution | undefined,
    to: Execution | undefined,
  ): Path {
    const { localLatency, remoteLatency } = this.settings;
    const range = fromHost === toHost ? localLatency : remoteLatency;
    const latencyUs = drawUs(this.random, range);
    return { fromHost, toHost, from, to, latencyUs };
  }

  /** How long `byteCount` bytes take now. */
  delayUs(path: Path, byteCount: number): number {
    const { spikePercent, spike, bytesPerMs } = this.settings;
    let delayUs = path.latencyUs + this.random.below((path.latencyUs >> 2) + 1);
    if (this.random.chance(spikePercent)) delayUs += drawUs(this.random, spike);
    delayUs += byteCount * 1000 / bytesPerMs;
    return Math.ceil(delayUs * this.slowness(path));
  }

  /** By how much longer everything takes on `path`. */
  slowness(path: Path): number {
    let factor = 1;
    for (const rule of this.#slowRules) {
      const touchesOne = path.from === rule.one || path.to === rule.one;
      const touchesOther = rule.other === undefined ||
        path.from === rule.other || path.to === rule.other;
      if (touchesOne && touchesOther) factor *= rule.factor;
    }
    return factor;
  }

  /** Makes all that `one` has with `other`, or with all, slower by `factor`. */
  setSlowness(
    one: Execution,
    other: Execution | undefined,
    factor: number,
  ): void {
    const rest = this.#slowRules.filter((rule) =>
      !(rule.one === one && rule.other === other ||
        rule.one === other && rule.other === one)
    );
    this.#slowRules = factor === 1 ? rest : [...rest, { one, other, factor }];
  }

  /** Forgets a process that has ended. */
  forgetProcess(execution: Execution): void {
    if (this.#slowRules.length === 0) return;
    this.#slowRules = this.#slowRules.filter(({ one, other }) =>
      one !== execution && other !== execution
    );
  }

  /** Whether nothing passes on `path` now, but will later. */
  isBlocked({ fromHost, toHost }: Path): boolean {
    if (this.#partitions.length === 0 || fromHost === toHost) return false;
    const from = fromHost.hostname;
    const to = toHost.hostname;
    return this.#partitions.some(({ one, other }) =>
      one.has(from) && other.has(to) || one.has(to) && other.has(from)
    );
  }

  /**
   * Blocks all ways between two groups of hosts.
   *
   * @returns A function that unblocks them again.
   */
  partition(one: ReadonlySet<string>, other: ReadonlySet<string>): () => void {
    const partition = { one, other };
    this.#partitions = [...this.#partitions, partition];
    return () => {
      this.#partitions = this.#partitions.filter((each) => each !== partition);
      this.#releaseHeldUp();
    };
  }

  /** Ends all partitions. */
  heal(): void {
    this.#partitions = [];
    this.#releaseHeldUp();
  }

  /** Keeps `heldUp` until its path is free. */
  holdUp(heldUp: HeldUp): void {
    this.#heldUp.set(heldUp, this.scheduler.nowUs);
  }

  /** Forgets `heldUp`: it will not be sent again. */
  forget(heldUp: HeldUp): void {
    this.#heldUp.delete(heldUp);
  }

  /**
   * Sends a packet that opens a connection: it is sent again after a
   * partition, and vanishes where the host is without power.
   */
  sendPacket(path: Path, arrive: () => void): void {
    this.scheduler.after(this.delayUs(path, 0), () => {
      if (path.toHost.isOff) return;
      if (!this.isBlocked(path)) return arrive();
      this.holdUp({ path, retry: () => this.sendPacket(path, arrive) });
    });
  }

  #releaseHeldUp(): void {
    for (const [heldUp, sinceUs] of this.#heldUp) {
      if (this.isBlocked(heldUp.path)) continue;
      const elapsedUs = this.scheduler.nowUs - sinceUs;
      const { retransmitMaxUs } = this.settings;
      const mostUs = Math.min(elapsedUs, retransmitMaxUs);
      const waitUs = drawUs(this.random, { leastUs: 0, mostUs });
      this.scheduler.after(waitUs, () => this.#retry(heldUp));
    }
  }

  #retry(heldUp: HeldUp): void {
    if (!this.#heldUp.has(heldUp) || this.isBlocked(heldUp.path)) return;
    this.#heldUp.delete(heldUp);
    heldUp.retry();
  }
}
