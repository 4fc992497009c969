/** Names of events, each with the tuple of its listeners' arguments. */
export type EventMap<Events> = { [Name in keyof Events]: unknown[] };

/**
 * Told when a listener throws or its promise rejects. What it throws itself is
 * an unhandled rejection: nobody is left to tell but the runtime.
 */
export type ListenerErrorHandler = (error: unknown, event: string) => void;

/**
 * A handler that never throws to whoever calls it, and who may be in the middle
 * of something.
 */
export function guardHandler(
  handler: ListenerErrorHandler,
): ListenerErrorHandler {
  return (error, event) => {
    try {
      handler(error, event);
    } catch (failure) {
      void Promise.reject(failure);
    }
  };
}

type Listener = (...args: unknown[]) => unknown;

interface Entry {
  readonly listener: Listener;
  readonly isOnce: boolean;
}

/**
 * A small typed event emitter.
 *
 * Listeners run in the order in which they were added, on a snapshot of the
 * list, so one that adds or removes listeners does not disturb the round. One
 * that throws is reported and the others still run: unlike an `EventTarget`,
 * a bad listener never ends the process.
 *
 * @example Listening and stopping
 * ```ts
 * import { Emitter } from "@distflow/core";
 * import { assertEquals } from "@std/assert";
 *
 * interface DoorEvents {
 *   "door:open": [by: string];
 * }
 * const door = new Emitter<DoorEvents>(() => {});
 * const seen: string[] = [];
 * const off = door.on("door:open", (by) => seen.push(by));
 * door.emit("door:open", "ann");
 * off();
 * door.emit("door:open", "bob");
 * assertEquals(seen, ["ann"]);
 * ```
 */
export class Emitter<Events extends EventMap<Events>> {
  readonly #listeners: Map<keyof Events, readonly Entry[]> = new Map();
  readonly #onListenerError: ListenerErrorHandler;

  /** Makes an emitter that reports failing listeners to `onListenerError`. */
  constructor(onListenerError: ListenerErrorHandler) {
    this.#onListenerError = guardHandler(onListenerError);
  }

  /**
   * Calls `listener` at each `event` from now on.
   *
   * @returns A function that removes the listener again.
   */
  on<Name extends keyof Events>(
    event: Name,
    listener: (...args: Events[Name]) => unknown,
  ): () => void {
    return this.#add(event, listener as unknown as Listener, false);
  }

  /**
   * Calls `listener` at the next `event` only.
   *
   * @returns A function that removes the listener again.
   */
  once<Name extends keyof Events>(
    event: Name,
    listener: (...args: Events[Name]) => unknown,
  ): () => void {
    return this.#add(event, listener as unknown as Listener, true);
  }

  /** Removes `listener`; does nothing if it is not there. */
  off<Name extends keyof Events>(
    event: Name,
    listener: (...args: Events[Name]) => unknown,
  ): void {
    const wanted = listener as unknown as Listener;
    const entry = this.#listeners.get(event)
      ?.find((each) => each.listener === wanted);
    if (entry !== undefined) this.#remove(event, entry);
  }

  /** How many listeners `event` has. */
  listenerCount(event: keyof Events): number {
    return this.#listeners.get(event)?.length ?? 0;
  }

  /** Calls the listeners of `event` one after the other. */
  emit<Name extends keyof Events>(event: Name, ...args: Events[Name]): void {
    const list = this.#listeners.get(event);
    if (list === undefined) return;
    for (const entry of list) {
      // A listener may have emitted the same event, or removed this one.
      if (entry.isOnce && !this.#remove(event, entry)) continue;
      const { listener } = entry;
      try {
        const result: unknown = listener(...args);
        if (result instanceof Promise) {
          result.catch((error) => this.#onListenerError(error, String(event)));
        }
      } catch (error) {
        this.#onListenerError(error, String(event));
      }
    }
  }

  #add(
    event: keyof Events,
    listener: Listener,
    isOnce: boolean,
  ): () => void {
    const entry: Entry = { listener, isOnce };
    const list = this.#listeners.get(event) ?? [];
    this.#listeners.set(event, [...list, entry]);
    return () => void this.#remove(event, entry);
  }

  /** Returns whether it was there. */
  #remove(event: keyof Events, entry: Entry): boolean {
    const list = this.#listeners.get(event) ?? [];
    const index = list.indexOf(entry);
    if (index < 0) return false;
    this.#listeners.set(event, list.toSpliced(index, 1));
    return true;
  }
}
