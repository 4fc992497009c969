/** The command line was not understood; the message says what was meant. */
export class UsageError extends Error {
  /** The class name, written out so that minifiers keep it. */
  override readonly name: string = "UsageError";

  /**
   * Makes the error.
   *
   * @param what What is wrong, as a sentence that begins with "Cannot"; a
   * question may follow it.
   * @param path The words of the command whose help explains it; empty for all.
   */
  constructor(what: string, path: string) {
    const help = path === "" ? "distflow --help" : `distflow ${path} --help`;
    super(`${what}${what.endsWith("?") ? "" : "."} See "${help}"`);
  }
}

/** Words are missing that say what to do: people are shown what there is. */
export class NoCommandError extends UsageError {
  /** The class name, written out so that minifiers keep it. */
  override readonly name = "NoCommandError";
  /** The word that was there; empty for none. */
  readonly topic: "" | "pmd";

  /** Makes the error for a command line that ends behind `topic`. */
  constructor(what: string, topic: "" | "pmd") {
    super(what, topic);
    this.topic = topic;
  }
}
