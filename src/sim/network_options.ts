import { checkInteger } from "../base/options.ts";
import type { Random } from "../base/random.ts";

/** The least and the most of something, in milliseconds; both are possible. */
export type MsRange = readonly [leastMs: number, mostMs: number];

/** How the simulated network behaves while nothing is broken. */
export interface SimNetworkOptions {
  /**
   * How long bytes travel between processes of one host.
   *
   * @default {[0.02, 0.2]}
   */
  localLatencyMs?: MsRange;
  /**
   * How long bytes travel from host to host.
   *
   * @default {[0.2, 2]}
   */
  remoteLatencyMs?: MsRange;
  /**
   * How many in a hundred of what is sent is held up, for `spikeMs` more.
   *
   * @default {1}
   */
  spikePercent?: number;
  /**
   * How much longer it takes what is held up.
   *
   * @default {[1, 30]}
   */
  spikeMs?: MsRange;
  /**
   * How many bytes of one connection travel in a millisecond, at least 1.
   *
   * @default {1000000}
   */
  bytesPerMs?: number;
  /**
   * How often, in a hundred, what has arrived is handed over in two parts, cut
   * at a random byte.
   *
   * @default {15}
   */
  cutPercent?: number;
  /**
   * Bytes that may be on their way, or arrived and not read, in one direction
   * of a connection; what is written beyond that waits at the sender.
   *
   * @default {65536}
   */
  windowBytes?: number;
  /**
   * How long a side tries to send what is not acknowledged, in milliseconds;
   * its connection then ends with `CONNECTION_TIMEOUT`.
   *
   * @default {900000}
   */
  giveUpMs?: number;
  /**
   * After a partition, what was held up is sent again within the time that
   * the partition lasted, and within this time, in milliseconds: TCP doubles
   * its waits up to two minutes.
   *
   * @default {120000}
   */
  retransmitMaxMs?: number;
  /**
   * Connections that the system accepts for a process that does not, at most;
   * further ones wait, and time out.
   *
   * @default {128}
   */
  backlogMax?: number;
}

/** A range of whole microseconds. */
export interface UsRange {
  /** The least. */
  readonly leastUs: number;
  /** The most. */
  readonly mostUs: number;
}

/** {@linkcode SimNetworkOptions}, checked and with defaults. */
export interface NetworkSettings {
  /** See {@linkcode SimNetworkOptions.localLatencyMs}. */
  readonly localLatency: UsRange;
  /** See {@linkcode SimNetworkOptions.remoteLatencyMs}. */
  readonly remoteLatency: UsRange;
  /** See {@linkcode SimNetworkOptions.spikePercent}. */
  readonly spikePercent: number;
  /** See {@linkcode SimNetworkOptions.spikeMs}. */
  readonly spike: UsRange;
  /** See {@linkcode SimNetworkOptions.bytesPerMs}. */
  readonly bytesPerMs: number;
  /** See {@linkcode SimNetworkOptions.cutPercent}. */
  readonly cutPercent: number;
  /** See {@linkcode SimNetworkOptions.windowBytes}. */
  readonly windowBytes: number;
  /** See {@linkcode SimNetworkOptions.giveUpMs}. */
  readonly giveUpUs: number;
  /** See {@linkcode SimNetworkOptions.retransmitMaxMs}. */
  readonly retransmitMaxUs: number;
  /** See {@linkcode SimNetworkOptions.backlogMax}. */
  readonly backlogMax: number;
}

const HOUR_MS = 3_600_000;

/**
 * Checks `options` and fills in the defaults.
 *
 * @throws {RangeError} If an option is not what it must be.
 */
export function resolveNetworkOptions(
  options: SimNetworkOptions,
): NetworkSettings {
  return {
    localLatency: checkRange("localLatencyMs", options.localLatencyMs, [
      0.02,
      0.2,
    ]),
    remoteLatency: checkRange("remoteLatencyMs", options.remoteLatencyMs, [
      0.2,
      2,
    ]),
    spikePercent: check("spikePercent", options.spikePercent ?? 1, 0, 100),
    spike: checkRange("spikeMs", options.spikeMs, [1, 30]),
    bytesPerMs: check("bytesPerMs", options.bytesPerMs ?? 1_000_000, 1),
    cutPercent: check("cutPercent", options.cutPercent ?? 15, 0, 100),
    windowBytes: check("windowBytes", options.windowBytes ?? 65536, 1),
    giveUpUs: usOf(check("giveUpMs", options.giveUpMs ?? 900_000, 1)),
    retransmitMaxUs: usOf(
      check("retransmitMaxMs", options.retransmitMaxMs ?? 120_000, 0, HOUR_MS),
    ),
    backlogMax: check("backlogMax", options.backlogMax ?? 128, 1),
  };
}

/**
 * Checks a range and turns it into microseconds.
 *
 * @throws {RangeError} If it is not two numbers in order, from 0 to an hour.
 */
export function checkRange(
  option: string,
  value: MsRange | undefined,
  preset: MsRange,
): UsRange {
  const [leastMs, mostMs] = value ?? preset;
  if (!(leastMs >= 0 && mostMs >= leastMs && mostMs <= HOUR_MS)) {
    throw new RangeError(
      `Cannot simulate a world as '${option}' must be two numbers of milliseconds, in order, from 0 to ${HOUR_MS}: current value is ${leastMs}, ${mostMs}`,
    );
  }
  return { leastUs: usOf(leastMs), mostUs: usOf(mostMs) };
}

/** Milliseconds as whole microseconds. */
export function usOf(ms: number): number {
  return Math.round(ms * 1000);
}

/** A random time within `range`, in microseconds. */
export function drawUs(random: Random, { leastUs, mostUs }: UsRange): number {
  return leastUs + random.below(mostUs - leastUs + 1);
}

function check(
  option: string,
  value: number,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  return checkInteger("simulate a world", option, value, { min, max });
}
