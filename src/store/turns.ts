/** Does things of one name one after the other, whatever becomes of them. */
export class Turns {
  readonly #last: Map<string, Promise<unknown>> = new Map();

  /** Does `act` when what was begun for `name` is over. */
  take<Result>(name: string, act: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const result = before.then(act, act);
    // Whoever waits for the turn must not get the failure of another.
    const settled = result.then(() => {}, () => {});
    this.#last.set(name, settled);
    settled.then(() => {
      if (this.#last.get(name) === settled) this.#last.delete(name);
    });
    return result;
  }

  /** Waits until everything that was begun is over. */
  async settle(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }
}
