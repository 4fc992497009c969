import type { Engine } from "./engine.ts";
import { importEngine } from "./packages.ts";

interface DiamondTypes {
  readonly Doc: new (name: string) => Doc;
}

interface Doc {
  ins(index: number, text: string): void;
  del(index: number, count: number): void;
  get(): string;
  toBytes(): Uint8Array;
}

/** diamond-types, in WebAssembly: one text, and no events. */
export async function openEngine(): Promise<Engine> {
  const { Doc } = await importEngine<DiamondTypes>("diamond-types-node");
  return {
    open({ replica, onEvent }) {
      const doc = new Doc(`replica${replica}`);
      return {
        edit(index, removedCount, inserted) {
          if (removedCount > 0) doc.del(index, removedCount);
          if (inserted !== "") doc.ins(index, inserted);
          onEvent?.();
        },
        text: () => doc.get(),
        save: () => doc.toBytes(),
      };
    },
  };
}
