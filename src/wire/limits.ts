/** The version of the protocols that this code speaks. */
export const PROTOCOL_VERSION = 1;

/** A frame is at most this many bytes of JSON, unless a side asks for more. */
export const FRAME_BYTES_DEFAULT: number = 1024 * 1024;

/** No side may ask for smaller frames than this: batches of messages fit. */
export const FRAME_BYTES_MIN: number = 256 * 1024;

/** No side may ask for larger frames than this. */
export const FRAME_BYTES_CAP: number = 16 * 1024 * 1024;

/** The hello must be within this, as nobody is known before it. */
export const HELLO_BYTES_MAX: number = 16 * 1024;

/** How long a hello may take, counted from the connection's start. */
export const HELLO_TIMEOUT_MS = 3000;

/** Nesting of JSON arrays and objects; `JSON.stringify` of V8 ends near 5000. */
export const JSON_DEPTH_MAX = 1000;

/** Messages are joined into one frame up to about this many UTF-16 units. */
export const BATCH_UNITS: number = 16 * 1024;

/** Messages up to this many UTF-16 units are joined before they are encoded. */
export const JOIN_UNITS = 512;

/** So much is written at once, without waiting for the end of the turn. */
export const FLUSH_UNITS: number = 64 * 1024;

/**
 * The same for control messages: so the other side works on the first requests
 * or answers of a turn while this side makes the rest, which is 1.2 to 1.4
 * times as fast.
 */
export const CONTROL_FLUSH_UNITS: number = 2 * 1024;

/**
 * How long a connection that is ending may stand still: nothing of what is
 * queued is taken, and nothing comes from the other side.
 */
export const CLOSE_TIMEOUT_MS = 2000;
