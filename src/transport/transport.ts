/** Where something listens: a hostname or IP address, and a TCP port. */
export interface Address {
  /** A hostname, an IPv4 address, or an IPv6 address without brackets. */
  readonly hostname: string;
  /** A TCP port, 1 to 65535; 0 asks for any free port when listening. */
  readonly port: number;
}

/** What a {@linkcode Connection} tells its owner. */
export interface ConnectionHandler {
  /**
   * Bytes arrived, in the order in which they were sent, cut anywhere.
   *
   * The array is only valid during the call: the transport reuses its memory.
   */
  data(bytes: Uint8Array): void;
  /**
   * The write queue, once full, is empty enough to go on writing. Not told
   * after this side's `end` or `close`.
   */
  drain(): void;
  /**
   * The bytes of one more write are needed no longer: their memory is the
   * caller's again. Told in the order of the writes, also from within `write`;
   * not told of what is dropped, nor of writes without a byte.
   */
  written?(): void;
  /** The peer ended its side: no more data comes; ours can still be written. */
  end(): void;
  /**
   * The connection is over. Called exactly once, as the last call, and never
   * from within a call of the connection's own methods.
   *
   * @param error Why, as a coded `DistflowError`, unless both sides ended or
   * this side called `close`.
   */
  close(error?: Error): void;
}

/** One TCP-like stream of bytes in each direction. */
export interface Connection {
  /** This side's address. */
  readonly local: Address;
  /** The other side's address. */
  readonly remote: Address;
  /** Bytes accepted by `write` that the system has not taken yet. */
  readonly queuedBytes: number;
  /**
   * Sets who is told, and begins to read. Called once, in the same turn in
   * which the connection was handed over; nothing is told before it.
   */
  start(handler: ConnectionHandler): void;
  /**
   * Queues `bytes` and takes them over: the caller must not change them until
   * `written`.
   *
   * Never throws; what is written after `end` or the connection's end is
   * dropped.
   *
   * @returns False once the queue is above the high-water mark (256 KiB):
   * `drain` is told when it is empty enough again. Whoever goes on writing is
   * still served, and pays with memory.
   */
  write(bytes: Uint8Array): boolean;
  /**
   * Stops reading, so that the peer feels back-pressure: neither data nor an
   * end is told until `resume`.
   */
  pause(): void;
  /** Reads again after `pause`. */
  resume(): void;
  /** Writes what is queued, then ends this side (a TCP half-close). */
  end(): void;
  /**
   * Ends both sides at once and drops what is queued; nothing but the close is
   * told from then on.
   *
   * The other side is told an end, or a reset if bytes were left unread here.
   * On Deno both may come, as it ends a socket before it closes it.
   */
  close(): void;
}

/** An open port that accepts connections. */
export interface Listener {
  /** Where it listens; the port is the real one, also when 0 was asked for. */
  readonly address: Address;
  /**
   * Accepts no more connections; the accepted ones stay. Resolves when the
   * port is free again.
   */
  close(): Promise<void>;
}

/** Options for {@linkcode Transport.connect}. */
export interface ConnectOptions {
  /** How long to wait for the connection, in milliseconds. */
  timeoutMs: number;
  /**
   * Gives the attempt up: it fails with `CONNECTION_CLOSED`, and nothing of it
   * goes on. A connection that is there already stays.
   */
  signal?: AbortSignal;
}

/** How bytes travel: sockets of a runtime, or the simulator's. */
export interface Transport {
  /**
   * Listens on `address` and hands each accepted connection to `accept`.
   *
   * @throws {DistflowError} `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE` (not an
   * address of this machine, or not resolvable) or `PERMISSION_DENIED`.
   */
  listen(
    address: Address,
    accept: (connection: Connection) => void,
  ): Promise<Listener>;
  /**
   * Opens a connection to `address`, without delay of small writes
   * (`TCP_NODELAY`).
   *
   * @throws {DistflowError} `CONNECTION_REFUSED`, `CONNECTION_TIMEOUT`,
   * `CONNECTION_RESET`, `CONNECTION_CLOSED`, `ADDRESS_UNAVAILABLE` or
   * `PERMISSION_DENIED`.
   */
  connect(address: Address, options: ConnectOptions): Promise<Connection>;
}

/** `hostname:port`, with brackets around an IPv6 address. */
export function formatAddress(address: Address): string {
  const host = address.hostname.includes(":")
    ? `[${address.hostname}]`
    : address.hostname;
  return `${host}:${address.port}`;
}

/** Whether `hostname` can only be reached from this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" ||
    /^127(\.\d{1,3}){3}$/.test(hostname) ||
    /^::ffff:127(\.\d{1,3}){3}$/i.test(hostname);
}

/** Whether `hostname` means every address of this machine. */
export function isWildcard(hostname: string): boolean {
  return hostname === "0.0.0.0" || hostname === "::";
}
