/** Lines that are kept of each output; older ones are forgotten. */
const LINES_MAX = 1000;

/** What a simulated process wrote, line by line. */
export class Output {
  readonly #lines: string[] = [];
  readonly #listeners: Set<(line: string) => void> = new Set();
  #lineCount = 0;
  #rest = "";

  /** How many whole lines it wrote, those included that were forgotten. */
  get lineCount(): number {
    return this.#lineCount;
  }

  /** The last thousand lines; the last may still be without its end. */
  get lines(): readonly string[] {
    return this.#rest === "" ? [...this.#lines] : [...this.#lines, this.#rest];
  }

  /**
   * Calls `listener` at each whole line from now on.
   *
   * @returns A function that removes the listener.
   */
  onLine(listener: (line: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Adds `text`, which may be any part of a line, or many lines. */
  write(text: string): void {
    const parts = (this.#rest + text).split("\n");
    this.#rest = parts.pop() ?? "";
    for (const line of parts) {
      this.#lineCount++;
      this.#lines.push(line);
      if (this.#lines.length > LINES_MAX) this.#lines.shift();
      for (const listener of [...this.#listeners]) listener(line);
    }
  }
}
