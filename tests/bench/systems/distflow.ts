import { NodeRuntime } from "../../../mod.ts";
import type { Message, OpenPeer } from "./system.ts";

/** A node of the library, with a PMD in the first one. */
export const open: OpenPeer = async ({ self, port, onMessage }) => {
  const node = await NodeRuntime.start<Message>({
    alias: `peer${self}`,
    pmd: { port, mode: self === 0 ? "embedded" : "external" },
  });
  node.onMessage(onMessage);
  const names = Array.from({ length: 32 }, (_, number) => `peer${number}`);
  return {
    send: (to, message) => node.send(names[to] ?? "", message),
    close: () => node.shutdown(),
  };
};
