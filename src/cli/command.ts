import type { JsonValue } from "../base/json.ts";
import type { LogThreshold } from "../log/mod.ts";
import type { Address } from "../transport/transport.ts";
import type { CommandPath, Shell } from "./spec.ts";

/** What the command line asks for. */
export type Command =
  | { readonly act: "version" | "status" | "list" | "watch" }
  | HelpCommand
  | CompletionsCommand
  | StartCommand
  | ResolveCommand
  | KillCommand
  | SendCommand;

/** Explain the command line. */
export interface HelpCommand {
  /** Explain. */
  readonly act: "help";
  /** A command, the first word of some, or empty for all. */
  readonly topic: CommandPath | "pmd" | "";
}

/** Print a script that completes commands. */
export interface CompletionsCommand {
  /** Print it. */
  readonly act: "completions";
  /** The shell that is to run it. */
  readonly shell: Shell;
}

/** Start a PMD. */
export interface StartCommand {
  /** Start. */
  readonly act: "start";
  /** Whether to run it in this process. */
  readonly foreground: boolean;
  /** Whether an address that other machines reach is allowed. */
  readonly insecure: boolean;
  /** When it ends without any node, in milliseconds; 0 for never. */
  readonly idleExitMs: number;
}

/** Tell where a node is. */
export interface ResolveCommand {
  /** Resolve. */
  readonly act: "resolve";
  /** An alias or a node's id. */
  readonly name: string;
  /** The PMD to ask, if the name came with one. */
  readonly pmd?: Address;
}

/** Shut the PMD down. */
export interface KillCommand {
  /** Shut it down. */
  readonly act: "kill";
  /** Whether to do so even if nodes are registered. */
  readonly force: boolean;
}

/** Send a message. */
export interface SendCommand {
  /** Send. */
  readonly act: "send";
  /** An alias, a node's id, or `alias@host[:port]`. */
  readonly target: string;
  /** The message; undefined to read it from standard input. */
  readonly message: JsonValue | undefined;
  /** The alias to register under. */
  readonly alias?: string;
}

/** How the output looks. */
export interface Look {
  /** Whether to print JSON. */
  readonly json: boolean;
  /** Whether colours are allowed where a terminal shows them. */
  readonly color: boolean;
  /** Whether to print no notes. */
  readonly quiet: boolean;
}

/** What the global options and the environment say. */
export interface Settings extends Look {
  /** Where the PMD is; port 0 only for a PMD that is to start. */
  readonly address: Address;
  /** How long the command may take, in milliseconds. */
  readonly timeoutMs: number;
  /** What the library logs. */
  readonly logLevel: LogThreshold;
}

/** A command line that was understood. */
export interface Invocation {
  /** What it asks for. */
  readonly command: Command;
  /** How. */
  readonly settings: Settings;
}
