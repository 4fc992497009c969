import { openBare } from "./bare.ts";
import type { OpenPeer } from "./system.ts";

/** A bare socket: one JSON text a frame, one write a turn. */
export const open: OpenPeer = (options) => openBare(options, false);
