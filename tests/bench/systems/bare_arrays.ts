import { openBare } from "./bare.ts";
import type { OpenPeer } from "./system.ts";

/** A bare socket: a turn's messages in one JSON array, one frame, one write. */
export const open: OpenPeer = (options) => openBare(options, true);
