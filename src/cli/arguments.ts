import { messageOf } from "../base/errors.ts";
import type { JsonValue } from "../base/json.ts";
import { parseTarget, type Target } from "../node/target.ts";
import { ALIAS_PATTERN } from "../wire/fields.ts";
import type {
  Command,
  CompletionsCommand,
  HelpCommand,
  Invocation,
  SendCommand,
  StartCommand,
} from "./command.ts";
import {
  type Environment,
  parseInteger,
  plainSettings,
  readLook,
  readSettings,
  TIMEOUT_MS_MAX,
} from "./settings.ts";
import {
  type CommandPath,
  type CommandSpec,
  findCommand,
  SHELLS,
} from "./spec.ts";
import { didYouMean } from "./suggest.ts";
import { UsageError } from "./usage_error.ts";
import { quote, unknownCommand, Words } from "./words.ts";

/**
 * Reads a command line.
 *
 * @param args The arguments, without the program's name.
 * @param env Values of the environment, where the arguments are silent.
 * @throws {UsageError} If it is not understood; the message says what is wrong
 * and what may have been meant.
 */
export function parseCommandLine(
  args: readonly string[],
  env: Environment,
): Invocation {
  const words = new Words(args);
  const topic = words.topic();
  const look = readLook(args, env);
  const settings = plainSettings(look);
  if (words.has("help")) return { command: { act: "help", topic }, settings };
  if (words.has("version")) return { command: { act: "version" }, settings };
  words.checkKnown();
  if (words.operands[0] === "pmd" && words.operands[1] === "help") {
    const [, , ...verbs] = words.operands;
    return { command: parseHelp(["pmd", ...verbs]), settings };
  }
  const spec = words.command();
  words.checkOwned(spec);
  switch (spec.path) {
    case "help":
      return { command: parseHelp(words.operands.slice(1)), settings };
    case "version":
      words.behind(spec);
      return { command: { act: "version" }, settings };
    case "completions":
      return { command: parseCompletions(words.behind(spec)), settings };
    default: {
      const command = parsePmdCommand(spec, words);
      return { command, settings: readSettings(words, env, spec.path, look) };
    }
  }
}

/**
 * The message in a JSON text.
 *
 * @throws {UsageError} If it is not JSON.
 */
export function parseMessage(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (error) {
    const word = text.trim();
    const hint = /^[\w .-]+$/.test(word)
      ? `: a string has double quotes, as in '${JSON.stringify(word)}'`
      : ` (${messageOf(error)})`;
    throw new UsageError(
      `Cannot send ${quote(word)}, which is not JSON${hint}`,
      "send",
    );
  }
}

function parseHelp(topicWords: readonly string[]): HelpCommand {
  const [first = "", second = ""] = topicWords;
  const topic = topicWords.join(" ");
  if (topic === "" || topic === "pmd") return { act: "help", topic };
  const spec = findCommand(first) ?? findCommand(`${first} ${second}`);
  if (spec === undefined) {
    throw first === "pmd"
      ? unknownCommand(second, "pmd")
      : unknownCommand(first, "");
  }
  const extra = topicWords[spec.path.split(" ").length];
  if (extra === undefined) return { act: "help", topic: spec.path };
  throw new UsageError(
    `Cannot understand ${quote(extra)} behind "distflow help ${spec.path}"`,
    "help",
  );
}

function parseCompletions(operands: readonly string[]): CompletionsCommand {
  const [text = ""] = operands;
  const shell = SHELLS.find((known) => known === text);
  if (shell !== undefined) return { act: "completions", shell };
  throw new UsageError(
    `Cannot complete for ${quote(text)}, which is none of ${SHELLS.join(", ")}${
      didYouMean(text, SHELLS)
    }`,
    "completions",
  );
}

function parsePmdCommand(spec: CommandSpec, words: Words): Command {
  const operands = words.behind(spec);
  const [name = ""] = operands;
  switch (spec.path) {
    case "pmd start":
      return parseStart(words);
    case "pmd resolve":
      return { act: "resolve", ...parseName(name, spec.path) };
    case "pmd kill":
      return { act: "kill", force: words.has("force") };
    case "pmd status":
      return { act: "status" };
    case "pmd watch":
      return { act: "watch" };
    case "send":
      return parseSend(words, operands);
    default:
      return { act: "list" };
  }
}

function parseStart(words: Words): StartCommand {
  const path = "pmd start";
  const idleExitText = words.value("idle-exit-ms", path) ?? "0";
  return {
    act: "start",
    foreground: words.has("foreground"),
    insecure: words.has("insecure"),
    idleExitMs: parseInteger(
      "--idle-exit-ms",
      idleExitText,
      0,
      TIMEOUT_MS_MAX,
      path,
    ),
  };
}

function parseSend(words: Words, operands: readonly string[]): SendCommand {
  const [target = "", text = ""] = operands;
  parseName(target, "send");
  const alias = words.value("as", "send");
  if (alias !== undefined && !ALIAS_PATTERN.test(alias)) {
    throw new UsageError(
      `Cannot send as ${
        quote(alias)
      }: an alias is 1 to 128 letters, digits, ".", "_" and "-", and does not begin with "." or "-"`,
      "send",
    );
  }
  if (alias === target) {
    throw new UsageError(
      `Cannot send to ${quote(target)} as itself: it is gone once it has sent`,
      "send",
    );
  }
  return {
    act: "send",
    target,
    message: text === "-" ? undefined : parseMessage(text),
    ...(alias === undefined ? {} : { alias }),
  };
}

function parseName(text: string, path: CommandPath): Target {
  try {
    return parseTarget(text);
  } catch {
    // What it says is for programmers: it names the argument of a function.
    throw new UsageError(
      `Cannot look for ${
        quote(text)
      }: a node goes by its alias, its id, or alias@host[:port]`,
      path,
    );
  }
}
