/**
 * The standard streams of a process, as far as it matters who is at their
 * other end: a person with a terminal, or a program.
 */
export interface Terminal {
  /** Whether a terminal shows standard output. */
  readonly isOutTerminal: boolean;
  /** Whether a terminal shows standard error. */
  readonly isErrorTerminal: boolean;
  /** Whether standard input is typed on a terminal. */
  readonly isInTerminal: boolean;
  /**
   * How many columns the terminal of standard output has now; undefined if
   * there is none, or it does not tell.
   */
  readonly columnCount: number | undefined;
  /**
   * Calls `handler` once nobody reads standard output any more, which a write
   * finds out: what is written later is lost.
   *
   * @returns A function that removes the handler again.
   */
  onOutClosed(handler: () => void): () => void;
  /**
   * Reads standard input to its end.
   *
   * @throws {RangeError} If it has more than `byteCountMax` bytes.
   */
  readIn(byteCountMax: number): Promise<Uint8Array>;
}
