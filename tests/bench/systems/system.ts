/** A message of a benchmark: JSON of a given size, numbered by its sender. */
export interface Message {
  /** The number of the peer that sent it. */
  from: number;
  /** Counts the sender's messages to one peer, from 0; below 0: not measured. */
  id: number;
  /** Makes it as long as it is to be. */
  text: string;
}

/** One process that takes part, as the benchmark's programs use it. */
export interface Peer {
  /**
   * Sends a message to the peer with a number.
   *
   * @returns Resolves when more can be sent; nothing if that is now.
   */
  send(to: number, message: Message): Promise<void> | void;
  /** Sends what is queued, and ends. */
  close(): Promise<void>;
}

/** What a system needs to open a {@linkcode Peer}. */
export interface PeerOptions {
  /** The number of this peer: 0, 1, … */
  readonly self: number;
  /** How many peers there are. */
  readonly peerCount: number;
  /**
   * The first of 32 ports that are free for this run; or the port of a server
   * that runs already.
   */
  readonly port: number;
  /** Called with each message for this peer, in order. */
  readonly onMessage: (message: Message) => void;
}

/** Opens a peer: what a system under test, or a baseline, has to offer. */
export type OpenPeer = (options: PeerOptions) => Promise<Peer>;

const OPEN: Readonly<Record<string, () => Promise<{ open: OpenPeer }>>> = {
  distflow: () => import("./distflow.ts"),
  frames: () => import("./bare_frames.ts"),
  arrays: () => import("./bare_arrays.ts"),
  nats: () => import("./nats.ts"),
  moleculer: () => import("./moleculer.ts"),
};

/** Opens a peer of the system with a name. */
export async function openPeer(
  system: string,
  options: PeerOptions,
): Promise<Peer> {
  const load = OPEN[system];
  if (load === undefined) throw new Error(`There is no system ${system}`);
  const { open } = await load();
  return await open(options);
}
