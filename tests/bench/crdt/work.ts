import process from "node:process";
import type { Engine } from "./engine.ts";
import type { Trace } from "./trace.ts";

/** What a workload needs beside an engine. */
export interface WorkContext {
  /** Which part of the work is done; less to warm up, or for who is slow. */
  readonly scale: number;
  /** What was typed. */
  readonly trace: Trace;
}

/**
 * A workload: what one engine reaches. It checks its result, and throws
 * {@linkcode UnsupportedError} where the engine lacks something.
 */
export type Work = (engine: Engine, context: WorkContext) => number;

/** An engine cannot do a workload, or not yet. */
export class UnsupportedError extends Error {
  /** The class name, written out so that minifiers keep it. */
  override readonly name = "UnsupportedError";
}

/** Returns a method that an engine may lack, bound to its object. */
export function needed<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
): NonNullable<Owner[Name]> {
  const member = owner[name];
  if (typeof member !== "function") {
    throw new UnsupportedError(`it has no ${String(name)}`);
  }
  return member.bind(owner);
}

/** Fails the run: a figure of a wrong result is worth nothing. */
export function check(isRight: boolean, what: string): void {
  if (!isRight) throw new Error(`The result is wrong: ${what}`);
}

/** Frees what nobody needs, so that it is not freed while time is taken. */
export function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("The runtime needs --expose-gc");
  gc();
  gc();
}

/** What `act` takes of all processors outside the kernel, in milliseconds. */
export function userMs(act: () => void): number {
  collectGarbage();
  const before = process.cpuUsage();
  act();
  return process.cpuUsage(before).user / 1000;
}

/** Thousands of operations a second of {@linkcode userMs}. */
export function rate(count: number, act: () => void): number {
  return count / userMs(act);
}

/** Numbers from 0 to below 1, the same in each run. */
export function makeRandom(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Puts `items` in another order, within windows of `size`. */
export function shuffle<Item>(
  items: Item[],
  size: number = items.length,
): Item[] {
  const random = makeRandom();
  for (let from = 0; from < items.length; from += size) {
    const count = Math.min(size, items.length - from);
    for (let left = count - 1; left > 0; left--) {
      const other = Math.floor(random() * (left + 1));
      const item = items[from + left] as Item;
      items[from + left] = items[from + other] as Item;
      items[from + other] = item;
    }
  }
  return items;
}
