/**
 * A promise that is settled from outside.
 *
 * A rejection that nobody listens to is not reported as unhandled: whoever
 * holds the promise decides whether it matters. (`Promise.withResolvers` does
 * not exist on Node.js 20.)
 */
export class Deferred<Value> {
  /** The promise. */
  readonly promise: Promise<Value>;
  #resolve: (value: Value | PromiseLike<Value>) => void = ignore;
  #reject: (reason: unknown) => void = ignore;

  /** Makes a promise that is pending. */
  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.promise.catch(ignore);
  }

  /** Fulfils the promise, unless it is settled. */
  resolve(value: Value | PromiseLike<Value>): void {
    this.#resolve(value);
  }

  /** Rejects the promise, unless it is settled. */
  reject(reason: unknown): void {
    this.#reject(reason);
  }
}

/** A rejected promise that is not reported as unhandled. */
export function rejected(reason: unknown): Promise<never> {
  const promise = Promise.reject(reason);
  promise.catch(ignore);
  return promise;
}

function ignore(): void {}
