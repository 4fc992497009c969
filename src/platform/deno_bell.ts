import type { DenoApi, DenoConn } from "./deno_api.ts";

const HOSTNAME = "127.0.0.1";

/** The two ends of a connection: who pulls the one is heard at the other. */
type Bell = readonly [rope: DenoConn, ear: DenoConn];

const ONE_BYTE = new Uint8Array(1);
/** With more room than a ring has bytes: so the next read finds nothing. */
const ROOM = new Uint8Array(2);

/**
 * A connection of the process with itself, to wait until Deno has looked at all
 * its sockets.
 *
 * A read that finds nothing, of a byte that is written behind it, ends when the
 * system has told Deno of it; and the system tells of all sockets at once. That
 * takes 16 µs (2026-11, Deno 2.9). There is a connection only while somebody
 * holds the bell and has rung it.
 */
export class DenoBell {
  readonly #deno: DenoApi;
  #bell: Bell | undefined;
  #ringing: Promise<boolean> | undefined;
  #holderCount = 0;
  #isBroken = false;

  /** Makes a bell without a connection. */
  constructor(deno: DenoApi) {
    this.#deno = deno;
  }

  /** One more may ring. */
  hold(): void {
    this.#holderCount++;
  }

  /** One less rings, and waits for nothing any more. */
  release(): void {
    if (--this.#holderCount === 0) this.#close();
  }

  /**
   * Resolves to true after Deno has looked at all sockets; to false, for ever,
   * where the process may not connect to itself.
   */
  ring(): Promise<boolean> {
    return this.#ringing ??= this.#ring();
  }

  async #ring(): Promise<boolean> {
    try {
      if (this.#isBroken) return false;
      const [rope, ear] = this.#bell ??= await this.#open();
      await Promise.all([ear.read(ROOM), rope.write(ONE_BYTE)]);
      return true;
    } catch {
      // Who may not ring is told so, and finds another way.
      this.#isBroken = true;
      this.#close();
      return false;
    } finally {
      this.#ringing = undefined;
    }
  }

  async #open(): Promise<Bell> {
    // Without permission, Deno would ask the user at the terminal.
    const query = { name: "net", host: HOSTNAME } as const;
    const { state } = this.#deno.permissions.querySync(query);
    if (state !== "granted") throw new Error("Cannot ring: not permitted");
    const listener = this.#deno.listen({ hostname: HOSTNAME, port: 0 });
    const { signal } = new AbortController();
    const dialing = this.#deno.connect({ ...listener.addr, signal });
    const accepting = listener.accept();
    // A dial that fails would leave the other one waiting.
    dialing.catch(() => listener.close());
    const ends = await Promise.allSettled([dialing, accepting]);
    const [rope, ear] = ends.flatMap((end) =>
      end.status === "fulfilled" ? [end.value] : []
    );
    if (rope !== undefined && ear !== undefined) {
      listener.close();
      // Anybody on this machine could have come first.
      if (rope.localAddr.port === ear.remoteAddr.port) {
        rope.setNoDelay(true);
        return [rope, ear];
      }
    }
    rope?.close();
    ear?.close();
    throw new Error("Cannot ring: no connection to this process itself");
  }

  #close(): void {
    for (const end of this.#bell ?? []) end.close();
    this.#bell = undefined;
  }
}
