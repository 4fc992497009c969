// The plain JavaScript of @std/cli, as npm has it, with the types of what we
// use written out: JSR is not needed to work on distflow. Consumers never see
// this file.
import * as std from "npm:deno-std@1.4.0/cli/parse_args.js";

/** What `parseArgs` is told about the arguments. */
export interface ParseOptions {
  /** Options that take no value. */
  boolean?: readonly string[];
  /** Options without a value that `--no-` turns off. */
  negatable?: readonly string[];
  /** Options whose value stays text; `_` stands for the operands. */
  string?: readonly string[];
  /** Other names of options. */
  alias?: Readonly<Record<string, string | readonly string[]>>;
  /** Values of options that are not given. */
  default?: Readonly<Record<string, unknown>>;
  /** Called for what is not known; false leaves it out. */
  unknown?: (argument: string, key?: string, value?: unknown) => unknown;
}

/** The options, and the operands under `_`. */
export interface Args {
  /** The operands. */
  _: (string | number)[];
  /** The options, by name. */
  [name: string]: unknown;
}

interface ParseArgsModule {
  parseArgs(args: string[], options?: ParseOptions): Args;
}

export const parseArgs: ParseArgsModule["parseArgs"] =
  (std as unknown as ParseArgsModule).parseArgs;
