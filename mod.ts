/**
 * TypeScript processes that find each other by name and send each other
 * messages, with nothing else to install.
 *
 * @module
 */
export * from "./src/base/clock.ts";
export * from "./src/base/emitter.ts";
export * from "./src/base/errors.ts";
export * from "./src/base/json.ts";
export * from "./src/base/random.ts";
export * from "./src/transport/platform.ts";
export * from "./src/transport/transport.ts";
