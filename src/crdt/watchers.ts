import { guardHandler, type ListenerErrorHandler } from "../base/emitter.ts";
import { checkFunction } from "../base/options.ts";
import type { Change, WatchEvent } from "./events.ts";
import { parsePattern, type Path, type PathPattern } from "./pattern.ts";

/**
 * Called once for each transaction that changed what it watches, with the
 * changes that matter to it, in order.
 */
export type WatchCallback = (
  changes: readonly Change[],
  event: WatchEvent,
) => unknown;

interface Watcher {
  readonly callback: WatchCallback;
  /** Watchers are called in the order in which they came. */
  readonly order: number;
  isEnded: boolean;
}

/** A step of the patterns that begin alike. */
class WatchNode {
  readonly literals: Map<string, WatchNode> = new Map();
  /** After `*`. */
  any: WatchNode | null = null;
  /** After `**`, where any number of further steps may be passed. */
  deep: WatchNode | null = null;
  readonly watchers: Set<Watcher> = new Set();
  readonly isDeep: boolean;

  constructor(isDeep: boolean) {
    this.isDeep = isDeep;
  }

  get isEmpty(): boolean {
    return this.watchers.size === 0 && this.literals.size === 0 &&
      this.any === null && this.deep === null;
  }

  child(step: string): WatchNode | null {
    if (step === "*") return this.any;
    if (step === "**") return this.deep;
    return this.literals.get(step) ?? null;
  }

  setChild(step: string, node: WatchNode | null): void {
    if (step === "*") this.any = node;
    else if (step === "**") this.deep = node;
    else if (node === null) this.literals.delete(step);
    else this.literals.set(step, node);
  }
}

/**
 * Who is told of changes at which paths: a trie of patterns, walked along the
 * path of a change. What a change costs depends on its path and on the watchers
 * that it concerns, not on how many there are.
 *
 * A change concerns a pattern if its path matches, and also if it happened
 * above what the pattern matches: that may have come or gone with it.
 */
export class Watchers {
  readonly #root: WatchNode = new WatchNode(false);
  readonly #onListenerError: ListenerErrorHandler;
  #count = 0;
  #added = 0;

  /** Makes a list without watchers; failing ones are told of. */
  constructor(onListenerError: ListenerErrorHandler) {
    this.#onListenerError = guardHandler(onListenerError);
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds a watcher.
   *
   * @returns A function that removes it again.
   */
  add(pattern: PathPattern, callback: WatchCallback): () => void {
    const steps = parsePattern(pattern);
    checkFunction("watch", "callback", callback);
    let node = this.#root;
    for (const step of steps) {
      let next = node.child(step);
      if (next === null) {
        next = new WatchNode(step === "**");
        node.setChild(step, next);
      }
      node = next;
    }
    const watcher = { callback, order: this.#added++, isEnded: false };
    node.watchers.add(watcher);
    this.#count++;
    return () => this.#remove(steps, watcher);
  }

  #remove(steps: readonly string[], watcher: Watcher): void {
    if (watcher.isEnded) return;
    watcher.isEnded = true;
    this.#count--;
    const nodes = [this.#root];
    for (const step of steps) {
      nodes.push(nodes.at(-1)?.child(step) as WatchNode);
    }
    nodes.at(-1)?.watchers.delete(watcher);
    for (let index = steps.length; index > 0; index--) {
      if (nodes[index]?.isEmpty !== true) break;
      nodes[index - 1]?.setChild(steps[index - 1] as string, null);
    }
  }

  /** Calls those that the changes concern, each once. */
  tell(changes: readonly Change[], event: WatchEvent): void {
    const found = new Map<Watcher, Change[]>();
    for (const change of changes) {
      for (const watcher of this.#concernedBy(change.path)) {
        const own = found.get(watcher);
        if (own === undefined) found.set(watcher, [change]);
        else own.push(change);
      }
    }
    const calls = [...found].sort(([a], [b]) => a.order - b.order);
    for (const [watcher, own] of calls) {
      // One that was called before may have ended it.
      if (!watcher.isEnded) this.#call(watcher, own, event);
    }
  }

  #call(watcher: Watcher, changes: readonly Change[], event: WatchEvent) {
    const fail = (error: unknown) => this.#onListenerError(error, "watch");
    try {
      const result: unknown = watcher.callback(changes, event);
      if (result instanceof Promise) result.catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  #concernedBy(path: Path): Set<Watcher> {
    let reached = new Set<WatchNode>();
    enter(this.#root, reached);
    for (const step of path) {
      const next = new Set<WatchNode>();
      for (const node of reached) {
        if (node.isDeep) enter(node, next);
        if (node.any !== null) enter(node.any, next);
        const literal = node.literals.get(String(step));
        if (literal !== undefined) enter(literal, next);
      }
      if (next.size === 0) return new Set();
      reached = next;
    }
    const watchers = new Set<Watcher>();
    const visited = new Set<WatchNode>();
    for (const node of reached) collect(node, watchers, visited);
    return watchers;
  }
}

/** Adds a node, and what follows it without a step. */
function enter(node: WatchNode, into: Set<WatchNode>): void {
  into.add(node);
  if (node.deep !== null) enter(node.deep, into);
}

function collect(
  node: WatchNode,
  into: Set<Watcher>,
  visited: Set<WatchNode>,
): void {
  if (visited.has(node)) return;
  visited.add(node);
  for (const watcher of node.watchers) into.add(watcher);
  for (const next of node.literals.values()) collect(next, into, visited);
  if (node.any !== null) collect(node.any, into, visited);
  if (node.deep !== null) collect(node.deep, into, visited);
}
