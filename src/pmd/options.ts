/** Where a PMD listens unless told otherwise. */
export const PMD_HOST_DEFAULT = "127.0.0.1";

/** The port of a PMD unless told otherwise; Erlang's epmd uses the same. */
export const PMD_PORT_DEFAULT = 4369;

/** A registration without a heartbeat for this long is over. */
export const LEASE_MS = 15_000;

/** How often a node sends a heartbeat. */
export const HEARTBEAT_MS = 5000;

/** An automatically started PMD ends after this time without any node. */
export const IDLE_EXIT_MS = 60_000;
