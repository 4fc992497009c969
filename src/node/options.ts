import { checkChoice, checkInteger, checkText } from "../base/options.ts";
import { getLogger, type Logger } from "../log/mod.ts";
import { currentPlatform } from "../platform/mod.ts";
import type { PmdMode } from "../pmd/launch.ts";
import { checkPmdAddress, insecureListen } from "../pmd/server.ts";
import type { Platform } from "../transport/platform.ts";
import { type Address, isLoopback } from "../transport/transport.ts";
import { ALIAS_PATTERN } from "../wire/fields.ts";
import {
  FRAME_BYTES_CAP,
  FRAME_BYTES_DEFAULT,
  FRAME_BYTES_MIN,
} from "../wire/limits.ts";
import type { MailboxOptions } from "./mailbox.ts";

/** Which PMD a node registers with. */
export interface NodePmdOptions {
  /**
   * The hostname or IP address of the PMD; it must run on the node's machine.
   *
   * @default {"127.0.0.1"}
   */
  host?: string;
  /**
   * The TCP port of the PMD.
   *
   * @default {4369}
   */
  port?: number;
  /**
   * What to do if no PMD listens there: `"auto"` starts one as a process of its
   * own, and hosts one in this process where none can be started; `"external"`
   * fails; `"embedded"` hosts one in this process. The PMD of a node that
   * listens on `0.0.0.0` or `::` does so, too.
   *
   * @default {"auto"}
   */
  mode?: PmdMode;
}

/** Options for {@linkcode NodeRuntime.start}. */
export interface NodeOptions {
  /**
   * The name that peers find this node by: 1 to 128 letters, digits, `.`, `_`
   * and `-`. A node without one is found by its id only.
   */
  alias?: string;
  /**
   * The node's id, if it is to be the same after a restart; as an alias, and
   * unique. Random by default.
   */
  nodeId?: string;
  /**
   * Grows with each life of a node that has a fixed `nodeId`; an integer of at
   * least 0. Wall time at the start, in milliseconds, by default.
   */
  incarnation?: number;
  /**
   * The hostname or IP address to listen on for peers; `0.0.0.0` or `::` for
   * all of this machine. Others than loopback need `insecure`.
   *
   * @default {"127.0.0.1"}
   */
  host?: string;
  /**
   * The TCP port to listen on for peers; 0 for any free one.
   *
   * @default {0}
   */
  port?: number;
  /**
   * Allows to listen on more than loopback although there is no
   * authentication: whoever reaches the port can send messages.
   *
   * @default {false}
   */
  insecure?: boolean;
  /** The mailbox: its size, and what happens when it is full. */
  mailbox?: MailboxOptions;
  /** Which PMD to register with. */
  pmd?: NodePmdOptions;
  /**
   * The largest message that this node accepts, in bytes of JSON; from 256 KiB
   * to 16 MiB.
   *
   * @default {1048576}
   */
  messageBytesMax?: number;
  /**
   * Once more than this waits to be sent to one peer, `send` waits; in bytes,
   * from 64 KiB.
   *
   * @default {262144}
   */
  highWaterBytes?: number;
  /**
   * Once more than this waits to be sent to one peer, `send` refuses with
   * `QUEUE_FULL`; in bytes. Only a caller that does not await gets there.
   *
   * @default {16777216}
   */
  queueBytesMax?: number;
  /**
   * A connection without messages for this long is closed, in milliseconds; it
   * is opened again when needed. 0 for never.
   *
   * @default {300000}
   */
  linkIdleMs?: number;
  /**
   * How long a connection to a peer, or an answer of the PMD, may take, in
   * milliseconds.
   *
   * @default {5000}
   */
  timeoutMs?: number;
  /**
   * How long `shutdown` waits until peers have taken what is queued for them,
   * in milliseconds. It does not wait for the message handler.
   *
   * @default {5000}
   */
  shutdownTimeoutMs?: number;
  /**
   * Where the node logs.
   *
   * @default {getLogger("distflow.node")}
   */
  logger?: Logger;
  /**
   * Time, chance, sockets and process.
   *
   * @default {currentPlatform()}
   */
  platform?: Platform;
}

/** Options with the defaults filled in, checked. */
export interface ResolvedNodeOptions {
  /** See {@linkcode NodeOptions}. */
  readonly alias: string | undefined;
  /** See {@linkcode NodeOptions}. */
  readonly nodeId: string;
  /** See {@linkcode NodeOptions}. */
  readonly incarnation: number;
  /** Where to listen. */
  readonly address: Address;
  /** See {@linkcode NodeOptions}. */
  readonly mailbox: MailboxOptions;
  /** Where the PMD is. */
  readonly pmd: Address;
  /** See {@linkcode NodePmdOptions}. */
  readonly pmdMode: PmdMode;
  /** See {@linkcode NodeOptions}. */
  readonly messageBytesMax: number;
  /** See {@linkcode NodeOptions}. */
  readonly highWaterBytes: number;
  /** See {@linkcode NodeOptions}. */
  readonly queueBytesMax: number;
  /** See {@linkcode NodeOptions}. */
  readonly linkIdleMs: number;
  /** See {@linkcode NodeOptions}. */
  readonly timeoutMs: number;
  /** See {@linkcode NodeOptions}. */
  readonly shutdownTimeoutMs: number;
  /** See {@linkcode NodeOptions}. */
  readonly logger: Logger;
  /** See {@linkcode NodeOptions}. */
  readonly platform: Platform;
}

const ACT = "start a node";
const TIMEOUT_MS_MAX = 2 ** 31 - 1;
const PMD_MODES: readonly PmdMode[] = ["auto", "external", "embedded"];

/**
 * Fills in and checks the options of a node.
 *
 * @throws {TypeError|RangeError} If an option is not what it must be.
 * @throws {DistflowError} `INSECURE_LISTEN`.
 */
export function resolveNodeOptions(options: NodeOptions): ResolvedNodeOptions {
  const platform = options.platform ?? currentPlatform();
  const pmd = options.pmd ?? {};
  const address = {
    hostname: checkText(ACT, "host", options.host ?? "127.0.0.1", 255),
    port: integer("port", options.port, 0, 0, 65535),
  };
  if (!isLoopback(address.hostname) && options.insecure !== true) {
    throw insecureListen("a node", address);
  }
  return {
    alias: checkName("alias", options.alias),
    nodeId: checkName("nodeId", options.nodeId) ?? platform.random.hex(12),
    incarnation: integer(
      "incarnation",
      options.incarnation,
      platform.clock.wallMs(),
      0,
    ),
    address,
    mailbox: options.mailbox ?? {},
    pmd: checkPmdAddress(ACT, pmd, 1, "pmd."),
    pmdMode: checkChoice(ACT, "pmd.mode", pmd.mode ?? "auto", PMD_MODES),
    messageBytesMax: integer(
      "messageBytesMax",
      options.messageBytesMax,
      FRAME_BYTES_DEFAULT,
      FRAME_BYTES_MIN,
      FRAME_BYTES_CAP,
    ),
    highWaterBytes: integer(
      "highWaterBytes",
      options.highWaterBytes,
      256 * 1024,
      64 * 1024,
    ),
    queueBytesMax: integer(
      "queueBytesMax",
      options.queueBytesMax,
      16 * 1024 * 1024,
      64 * 1024,
    ),
    linkIdleMs: integer(
      "linkIdleMs",
      options.linkIdleMs,
      300_000,
      0,
      TIMEOUT_MS_MAX,
    ),
    timeoutMs: integer("timeoutMs", options.timeoutMs, 5000, 1, TIMEOUT_MS_MAX),
    shutdownTimeoutMs: integer(
      "shutdownTimeoutMs",
      options.shutdownTimeoutMs,
      5000,
      0,
      TIMEOUT_MS_MAX,
    ),
    logger: options.logger ?? getLogger("distflow.node"),
    platform,
  };
}

function integer(
  option: string,
  value: number | undefined,
  fallback: number,
  min: number,
  max?: number,
): number {
  const bounds = max === undefined ? { min } : { min, max };
  return checkInteger(ACT, option, value ?? fallback, bounds);
}

function checkName(
  option: string,
  value: string | undefined,
): string | undefined {
  if (value === undefined) return undefined;
  // A pattern takes anything for text, such as a number or null.
  if (typeof value === "string" && ALIAS_PATTERN.test(value)) return value;
  throw new TypeError(
    `Cannot ${ACT} as '${option}' must be 1 to 128 letters, digits, ".", "_" and "-", not beginning with "." or "-": current value is ${
      JSON.stringify(String(value).slice(0, 150))
    }`,
  );
}
