import { DistflowError, hasCode } from "../base/errors.ts";
import type { Logger } from "../log/mod.ts";
import type { Platform } from "../transport/platform.ts";
import { type Address, isLoopback } from "../transport/transport.ts";
import { PmdClient, portTaken } from "./client.ts";
import { IDLE_EXIT_MS } from "./options.ts";
import { PmdServer } from "./server.ts";

/**
 * Who provides the PMD: `"auto"` starts one as a process of its own where
 * nobody listens, and hosts one where no process can be started; `"external"`
 * only uses one that is there; `"embedded"` hosts one where nobody listens.
 */
export type PmdMode = "auto" | "external" | "embedded";

/** Options for {@linkcode reachPmd}. */
export interface ReachPmdOptions {
  /** Where the PMD is, or is to be. */
  readonly address: Address;
  /**
   * Where a PMD that is started listens, if not at `address`: `0.0.0.0` or
   * `::`, for other machines to reach it without authentication.
   */
  readonly openHost?: string | undefined;
  /** What may be done if nobody listens there. */
  readonly mode: PmdMode;
  /** How long a connection, a request or a start may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Time, sockets and process. */
  readonly platform: Platform;
  /** Where a start is logged. */
  readonly logger: Logger;
  /**
   * Called with each connection before the PMD has said its hello: what it asks
   * there at once costs no round trip of its own. It is rejected if that is no
   * PMD, or one that ends.
   */
  readonly opening?: (client: PmdClient) => void;
  /** Ends the attempts: no PMD is started after it. */
  readonly signal?: AbortSignal;
}

/** A connection to a PMD, and the PMD itself if this process hosts it. */
export interface PmdAccess {
  /** The connection. */
  readonly client: PmdClient;
  /** The PMD, if it runs in this process. */
  readonly server?: PmdServer;
}

const ATTEMPTS_MAX = 8;
const RETRY_MS = 20;

/**
 * Connects to the PMD at an address, and starts one there if it may.
 *
 * When many processes do so at the same moment, one PMD gets the port; the
 * others find it there and use it.
 *
 * @throws {DistflowError} `PMD_UNREACHABLE`, `PMD_PORT_TAKEN`,
 * `PROTOCOL_MISMATCH` or `PERMISSION_DENIED`.
 */
export async function reachPmd(options: ReachPmdOptions): Promise<PmdAccess> {
  const { address, platform } = options;
  let server: PmdServer | undefined;
  let isPortHeld = false;
  let failure: unknown;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    try {
      const client = await PmdClient.connect(options);
      options.opening?.(client);
      await client.greeted();
      return server === undefined ? { client } : { client, server };
    } catch (error) {
      failure = error;
      if (!hasCode(error, "PMD_UNREACHABLE")) break;
      if (options.mode === "external" || !isLoopback(address.hostname)) break;
    }
    // The other attempts meet a PMD that is just starting or just ending.
    if (attempt > 1) await delay(platform, RETRY_MS * attempt);
    if (options.signal?.aborted) break;
    if (server !== undefined) continue;
    const start = await startPmd(options);
    isPortHeld = start === "port-held";
    if (start instanceof PmdServer) server = start;
  }
  await server?.shutdown();
  // Whoever breaks each connection at once is no PMD that is just starting.
  throw isPortHeld && hasCode(failure, "PMD_UNREACHABLE")
    ? portTaken(address, failure)
    : failure;
}

/** Starts a PMD; returns it if it runs in this process. */
async function startPmd(
  options: ReachPmdOptions,
): Promise<PmdServer | "process" | "port-held"> {
  const { address, openHost, mode, platform, logger } = options;
  if (mode === "auto") {
    try {
      await spawnPmd(options);
      return "process";
    } catch (error) {
      if (!hasCode(error, "SPAWN_UNAVAILABLE", "PMD_LAUNCH_FAILED")) {
        throw error;
      }
      logger.debug("Cannot start a PMD process: hosting one", {}, error);
    }
  }
  try {
    return await PmdServer.start({
      host: openHost ?? address.hostname,
      port: address.port,
      insecure: openHost !== undefined,
      embedded: true,
      logger,
      platform,
    });
  } catch (error) {
    if (hasCode(error, "ADDRESS_IN_USE")) return "port-held";
    throw error;
  }
}

async function spawnPmd(options: ReachPmdOptions): Promise<void> {
  const { address, openHost, platform, timeoutMs, logger } = options;
  const line = await platform.process.spawn({
    module: pmdModule(),
    args: [
      "--host",
      openHost ?? address.hostname,
      ...(openHost === undefined ? [] : ["--insecure"]),
      "--port",
      String(address.port),
      "--idle-exit-ms",
      String(IDLE_EXIT_MS),
    ],
    readyTimeoutMs: timeoutMs,
  });
  logger.debug("Started a PMD process", { line });
}

/**
 * The PMD's entry point: beside the library's, wherever that was loaded from
 * (a file, a registry's `https:` address, or the npm package).
 *
 * @throws {DistflowError} `SPAWN_UNAVAILABLE` if this module is part of a
 * bundle.
 */
export function pmdModule(): URL {
  return pmdBeside(import.meta.url);
}

/**
 * The PMD's entry point in the source tree that has this module at `url`.
 *
 * Within a user's bundle, `url` is that file's, or undefined if that is
 * CommonJS. Whatever is called `pmd.js` near it is not ours to run.
 *
 * @throws {DistflowError} `SPAWN_UNAVAILABLE` if it is at no such place.
 */
export function pmdBeside(url: string | undefined): URL {
  const extension = url?.match(OWN_PLACE)?.[1];
  if (extension === undefined) {
    throw new DistflowError(
      "SPAWN_UNAVAILABLE",
      'Cannot start a PMD process: its module is not here, as in a bundle. Start one with "distflow pmd start"',
    );
  }
  return new URL(`../../pmd.${extension}`, url);
}

/** This module, or where `scripts/bundle.ts` puts it in the npm packages. */
const OWN_PLACE = /\/src\/(?:pmd\/launch|chunks\/chunk-[A-Z0-9]{8})\.(js|ts)$/;

/** Resolves after `delayMs` and some jitter, so that many do not move as one. */
function delay(platform: Platform, delayMs: number): Promise<void> {
  const jitterMs = platform.random.below(delayMs);
  return new Promise((resolve) => {
    platform.clock.schedule(delayMs + jitterMs, resolve);
  });
}

/**
 * Connects to the PMD that holds the port where another one was to start.
 *
 * @throws {DistflowError} `PMD_PORT_TAKEN` if what holds it is no PMD, or
 * `PROTOCOL_MISMATCH`.
 */
export async function findRunningPmd(
  address: Address,
  platform: Platform,
  timeoutMs: number,
): Promise<PmdClient> {
  try {
    return await PmdClient.open({ address, platform, timeoutMs });
  } catch (error) {
    throw hasCode(error, "PMD_UNREACHABLE") ? portTaken(address, error) : error;
  }
}
