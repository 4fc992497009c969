/** What one peer of a benchmark is told on its command line. */
export interface PeerSpec {
  /** Which system carries the messages. */
  readonly system: string;
  /** The number of this peer. */
  readonly self: number;
  /** How many peers there are. */
  readonly peerCount: number;
  /** See `PeerOptions.port`. */
  readonly port: number;
  /** Bytes of JSON of a message. */
  readonly size: number;
  /** Messages from each sender to each of its targets, or round trips. */
  readonly count: number;
}

/** What one peer of a traffic benchmark is told. */
export interface TrafficSpec extends PeerSpec {
  /** Whom this peer sends to. */
  readonly targets: readonly number[];
  /** Who sends to this peer. */
  readonly senders: readonly number[];
  /** Whether each send is awaited. */
  readonly awaits: boolean;
}

/** What the other fields of a message take, with an id of six digits. */
const ENVELOPE_BYTES = '{"from":0,"id":100000,"text":""}'.length;

/** The text that makes a message `size` bytes of JSON, give or take a digit. */
export function textFor(size: number): string {
  return "x".repeat(size - ENVELOPE_BYTES);
}
