import { parseArgs } from "@std/cli/parse-args";
import {
  type CommandPath,
  COMMANDS,
  type CommandSpec,
  findCommand,
  GLOBAL_OPTIONS,
  type OptionSpec,
  SHELLS,
  verbsOf,
} from "./spec.ts";
import { didYouMean, suggest } from "./suggest.ts";
import { NoCommandError, UsageError } from "./usage_error.ts";

const ALL_OPTIONS: readonly OptionSpec[] = [
  ...GLOBAL_OPTIONS,
  ...COMMANDS.flatMap((command) => command.options),
];
const SWITCHES: readonly string[] = ALL_OPTIONS
  .filter(({ name, value }) => value === undefined && !name.startsWith("no-"))
  .map(({ name }) => name);
/** What is also written with one dash; Node.js and Deno differ in one of them. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ["-h", "--help=true"],
  ["-v", "--version=true"],
  ["-V", "--version=true"],
]);
/** What can be turned off: `--no-color`. */
const NEGATABLE: readonly string[] = ALL_OPTIONS
  .filter(({ name }) => name.startsWith("no-"))
  .map(({ name }) => name.slice("no-".length));
const VALUES: readonly string[] = ALL_OPTIONS
  .filter(({ value }) => value !== undefined).map(({ name }) => name);

/** A command line, split into operands and options. */
export class Words {
  /** The words that are no options, those of the command included. */
  readonly operands: readonly string[];
  readonly #options: Readonly<Record<string, unknown>>;
  readonly #unknown: readonly string[];

  /**
   * Splits `args`. Of an option that is given twice, the last one counts.
   *
   * @throws {UsageError} If a switch is given a value.
   */
  constructor(args: readonly string[]) {
    const unknown: string[] = [];
    const options: Readonly<Record<string, unknown>> & {
      readonly _: readonly (string | number)[];
    } = parseArgs(separateSwitches(args), {
      boolean: [...SWITCHES, ...NEGATABLE],
      negatable: NEGATABLE,
      string: [...VALUES, "_"],
      unknown: (argument: string, key?: string) => {
        if (key !== undefined) unknown.push(argument);
        return key === undefined;
      },
    });
    // They are on unless they are turned off, which is all that one can do.
    for (const name of NEGATABLE) {
      if (options[name] === true) unknown.push(`--${name}`);
    }
    this.#options = options;
    this.#unknown = unknown;
    this.operands = options._.map(String);
  }

  /** Whether a switch is set. */
  has(name: string): boolean {
    return this.#options[name] === true;
  }

  /**
   * The value of an option; undefined if it is not given.
   *
   * @param path The command whose help explains it.
   * @throws {UsageError} If it is given without a value.
   */
  value(name: string, path: CommandPath): string | undefined {
    const value = this.#options[name];
    if (typeof value !== "string") return undefined;
    if (value !== "") return value;
    const option = ALL_OPTIONS.find((option) => option.name === name);
    throw new UsageError(
      `Cannot read --${name} without a value, as in "--${name} ${option?.value}"`,
      path,
    );
  }

  /** The command, or the first word of some, that the operands begin with. */
  topic(): CommandPath | "pmd" | "" {
    const [first = "", second = ""] = this.operands;
    const spec = findCommand(first) ?? findCommand(`${first} ${second}`);
    if (spec !== undefined) return spec.path;
    return first === "pmd" ? "pmd" : "";
  }

  /**
   * The command that the operands begin with.
   *
   * @throws {UsageError} If there is none.
   */
  command(): CommandSpec {
    const spec = findCommand(this.topic());
    if (spec !== undefined) return spec;
    const [first, second] = this.operands;
    const parent = first === "pmd" ? "pmd" : "";
    const word = parent === "" ? first : second;
    if (word !== undefined) throw unknownCommand(word, parent);
    const program = parent === "" ? "distflow" : `distflow ${parent}`;
    throw new NoCommandError(
      `Cannot run "${program}" without a command: ${
        verbsOf(parent).join(", ")
      }`,
      parent,
    );
  }

  /**
   * The operands behind the words of a command, one for each of its own.
   *
   * @throws {UsageError} If there are fewer or more.
   */
  behind({ path, operands: names }: CommandSpec): readonly string[] {
    const operands = this.operands.slice(path.split(" ").length);
    const missing = names[operands.length];
    if (missing !== undefined) {
      const hint = missing === "<shell>" ? `: ${SHELLS.join(", ")}` : "";
      throw new UsageError(
        `Cannot run "distflow ${path}" without ${missing}${hint}`,
        path,
      );
    }
    const extra = operands[names.length];
    if (extra === undefined) return operands;
    const hint = path === "send"
      ? `: a message with spaces goes in quotes, as in '{"type": "HELLO"}'`
      : "";
    throw new UsageError(
      `Cannot understand ${quote(extra)} behind "distflow ${
        [path, ...names].join(" ")
      }"${hint}`,
      path,
    );
  }

  /**
   * Refuses options that no command has.
   *
   * @throws {UsageError} For the first of them.
   */
  checkKnown(): void {
    const [argument] = this.#unknown;
    if (argument === undefined) return;
    const path = this.topic();
    const isNumber = path === "send" && /^-[\d.]/.test(argument);
    const [name = ""] = argument.split("=");
    const own = findCommand(path)?.options ?? ALL_OPTIONS;
    const candidates = [...GLOBAL_OPTIONS, ...own]
      .map((option) => `--${option.name}`);
    const hint = isNumber
      ? `: to send a negative number, put "--" before it`
      : didYouMean(name, candidates);
    throw new UsageError(
      `Cannot understand the option ${quote(name)}${hint}`,
      path,
    );
  }

  /**
   * Refuses options that belong to other commands than `spec`.
   *
   * @throws {UsageError} For the first of them.
   */
  checkOwned(spec: CommandSpec): void {
    for (const owner of COMMANDS) {
      if (owner === spec) continue;
      for (const { name } of owner.options) {
        const isGiven = this.has(name) ||
          typeof this.#options[name] === "string";
        if (!isGiven) continue;
        throw new UsageError(
          `Cannot use --${name} with "distflow ${spec.path}": it belongs to "distflow ${owner.path}"`,
          spec.path,
        );
      }
    }
  }
}

/** A word of the command line, as errors show it. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** What other tools call it. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ["info", "status"],
  ["ls", "list"],
  ["names", "list"],
  ["nodes", "list"],
  ["ps", "list"],
  ["run", "start"],
  ["stop", "kill"],
  ["shutdown", "kill"],
  ["lookup", "resolve"],
  ["tail", "watch"],
]);

/** The refusal of a word that is no command. */
export function unknownCommand(word: string, parent: "" | "pmd"): UsageError {
  const program = parent === "" ? "distflow" : `distflow ${parent}`;
  const named = OTHER_NAMES.get(word);
  // "distflow list" means "distflow pmd list".
  const verb = parent === "" ? named ?? suggest(word, verbsOf("pmd")) : named;
  const hint = verb === undefined
    ? didYouMean(word, verbsOf(parent))
    : `. Did you mean "${parent === "" ? "pmd " : ""}${verb}"?`;
  return new UsageError(
    `Cannot understand ${quote(word)}: "${program}" has no such command${hint}`,
    parent,
  );
}

/**
 * The arguments with each switch closed off: parseArgs takes a `true` or
 * `false` behind a switch for its value, but here it is a message to send.
 * An empty value, as of a shell's variable that is not set, stays one, too.
 */
function separateSwitches(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  const isEmptyValue = (index: number): boolean =>
    args[index] === "" && VALUES.includes((args[index - 1] ?? "").slice(2));
  return args.flatMap((argument, index) => {
    if (end >= 0 && index >= end) return argument;
    if (isEmptyValue(index)) return [];
    if (isEmptyValue(index + 1)) return `${argument}=`;
    const short = SHORT.get(argument);
    if (short !== undefined) return short;
    const [, name = "", value] = /^--([^=]+)(=.*)?$/s.exec(argument) ?? [];
    const isSwitch = SWITCHES.includes(name);
    const isNegated = NEGATABLE.some((word) => name === `no-${word}`);
    if (!isSwitch && !isNegated) return argument;
    if (value !== undefined) {
      throw new UsageError(`Cannot read --${name} with a value`, "");
    }
    return isNegated ? argument : `--${name}=true`;
  });
}
