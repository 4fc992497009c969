import {
  LIST,
  NODE_COMMANDS,
  single,
  summaryOf,
  VALUE_OPTIONS,
  WITH_OPTIONS,
} from "./completion_words.ts";
import { GLOBAL_OPTIONS, type OptionSpec, SHELLS, verbsOf } from "./spec.ts";

/** Completes in fish, with explanations. */
export function fishCompletions(): string {
  const option = (
    { name, value, summary }: OptionSpec,
    condition: string,
  ): string =>
    `complete -c distflow${condition} -l ${name}${
      value === undefined
        ? ""
        : name === "host"
        ? " -x -a '(__fish_print_hostnames)'"
        : " -x"
    } -d ${single(summary)}\n`;
  const commands = (first: "" | "pmd", conditions: string): string =>
    verbsOf(first).map((verb) =>
      `complete -c distflow -n ${conditions} -a ${verb} -d ${
        single(summaryOf(first, verb))
      }\n`
    ).join("");
  return `# Completes distflow in fish:
# distflow completions fish > ~/.config/fish/completions/distflow.fish

function __distflow_operands
    set -l tokens (commandline -opc)
    set -e tokens[1]
    set -l skip 0
    for token in $tokens
        if test $skip -eq 1
            set skip 0
            continue
        end
        switch $token
            case ${VALUE_OPTIONS.join(" ")}
                set skip 1
            case '-*'
            case '*'
                echo -- $token
        end
    end
end

function __distflow_at
    set -l operands (__distflow_operands)
    test "$operands" = "$argv[1]"
end

function __distflow_in
    set -l operands (__distflow_operands)
    string match -q -- "$argv[1]*" "$operands"
end

function __distflow_nodes
    set -l tokens (commandline -opc)
    set -l place
    for i in (seq 2 (count $tokens))
        switch $tokens[$i]
            case '--host=*' '--port=*'
                set -a place $tokens[$i]
            case --host --port
                set -a place $tokens[$i] $tokens[(math $i + 1)]
        end
    end
    for line in ($tokens[1] ${LIST} $place 2>/dev/null)[2..-1]
        set -l fields (string split -n ' ' -- $line)
        if test "$fields[1]" = -
            echo $fields[2]
        else
            echo $fields[1]
        end
    end
end

complete -c distflow -f
${GLOBAL_OPTIONS.map((spec) => option(spec, "")).join("")}${
    WITH_OPTIONS.flatMap(({ path, options }) =>
      options.map((spec) => option(spec, ` -n '__distflow_in "${path}"'`))
    ).join("")
  }${commands("", `'__distflow_at ""'`)}${
    commands("", `'__distflow_at help'`)
  }${commands("pmd", `'__distflow_at pmd'`)}${
    commands("pmd", `'__distflow_at "help pmd"'`)
  }${
    SHELLS.map((shell) =>
      `complete -c distflow -n '__distflow_at completions' -a ${shell}\n`
    ).join("")
  }${
    NODE_COMMANDS.map((path) =>
      `complete -c distflow -n '__distflow_at "${path}"' -a '(__distflow_nodes)'\n`
    ).join("")
  }`;
}
