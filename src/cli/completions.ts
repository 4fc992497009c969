import {
  COMMANDS,
  type CommandSpec,
  GLOBAL_OPTIONS,
  type OptionSpec,
  type Shell,
  SHELLS,
  verbsOf,
} from "./spec.ts";

/**
 * A script that completes `distflow` in a shell: commands, options, and the
 * names of the nodes that the PMD knows at that moment.
 */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case "bash":
      return bashScript();
    case "zsh":
      return zshScript();
    case "fish":
      return fishScript();
  }
}

const ALL_OPTIONS: readonly OptionSpec[] = [
  ...GLOBAL_OPTIONS,
  ...COMMANDS.flatMap((command) => command.options),
];

/** Options with a value: what stands behind them is no operand. */
const VALUE_OPTIONS: readonly string[] = ALL_OPTIONS
  .filter(({ value }) => value !== undefined).map(({ name }) => `--${name}`);

/** Commands whose first operand is a node. */
const NODE_COMMANDS: readonly string[] = COMMANDS
  .filter(({ operands: [first] }) =>
    first === "<alias>" || first === "<target>"
  ).map(({ path }) => path);

const WITH_OPTIONS: readonly CommandSpec[] = COMMANDS
  .filter(({ options }) => options.length > 0);

/** Lists nodes; a person who waits for a completion waits for a second at most. */
const LIST = "pmd list --quiet --no-color --timeout 1000";

function names(options: readonly OptionSpec[]): string {
  return options.map(({ name }) => `--${name}`).join(" ");
}

/** Works in bash 3.2, too, which macOS has. */
function bashScript(): string {
  return `# Completes distflow in bash: eval "$(distflow completions bash)"

_distflow_nodes() {
  local alias node rest
  "\${COMP_WORDS[0]}" ${LIST} "$@" 2>/dev/null | {
    read -r rest
    while read -r alias node rest; do
      if [[ $alias == - ]]; then echo "$node"; else echo "$alias"; fi
    done
  }
}

_distflow() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local operands="" word value candidates="" i
  local -a place
  place=()
  COMPREPLY=()
  # Readline splits "--port=1" into three words.
  [[ $current == = ]] && current=""
  [[ $previous == = ]] && previous=\${COMP_WORDS[COMP_CWORD-2]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${VALUE_OPTIONS.join("|")})
        ((i++))
        [[ \${COMP_WORDS[i]} == = ]] && ((i++))
        value=\${COMP_WORDS[i]}
        if [[ $word == --host || $word == --port ]] && ((i < COMP_CWORD)); then
          place+=("$word" "$value")
        fi
        ;;
      -*) ;;
      *) operands="$operands\${operands:+ }$word" ;;
    esac
  done
  case $previous in
    --host)
      COMPREPLY=($(compgen -A hostname -- "$current"))
      return
      ;;
    ${VALUE_OPTIONS.filter((name) => name !== "--host").join("|")}) return ;;
  esac
  if [[ $current == -* ]]; then
    candidates="${names(GLOBAL_OPTIONS)}"
    case $operands in
${
    WITH_OPTIONS.map(({ path, options }) =>
      `      "${path}"*) candidates="$candidates ${names(options)}" ;;\n`
    ).join("")
  }    esac
  else
    case $operands in
      "" | help) candidates="${verbsOf("").join(" ")}" ;;
      pmd | "help pmd") candidates="${verbsOf("pmd").join(" ")}" ;;
      completions) candidates="${SHELLS.join(" ")}" ;;
      ${
    NODE_COMMANDS.map((path) => `"${path}"`).join(" | ")
  }) candidates=$(_distflow_nodes \${place[@]+"\${place[@]}"}) ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
}

complete -F _distflow distflow
`;
}

function zshScript(): string {
  const describe = (options: readonly OptionSpec[]): string =>
    options.map(({ name, summary }) =>
      `      ${single(`--${name}:${summary.replaceAll(":", "\\:")}`)}\n`
    ).join("");
  const commands = (first: "" | "pmd"): string =>
    verbsOf(first).map((verb) =>
      `        ${single(`${verb}:${summaryOf(first, verb)}`)}\n`
    ).join("");
  return `#compdef distflow
# Completes distflow in zsh: eval "$(distflow completions zsh)"

_distflow_nodes() {
  local line
  local -a fields found
  for line in \${\${(f)"$($words[1] ${LIST} "$@" 2>/dev/null)"}[2,-1]}; do
    fields=(\${=line})
    [[ $fields[1] == - ]] && found+=("$fields[2]") || found+=("$fields[1]")
  done
  compadd -a found
}

_distflow() {
  local word operands="" i
  local -a place choices
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    case $word in
      (--host=*|--port=*) place+=("$word") ;;
      (${VALUE_OPTIONS.join("|")})
        ((i++))
        if [[ $word == (--host|--port) ]] && ((i < CURRENT)); then
          place+=("$word" "$words[i]")
        fi
        ;;
      (-*) ;;
      (*) operands="$operands\${operands:+ }$word" ;;
    esac
  done
  case $words[CURRENT-1] in
    (--host) _hosts; return ;;
    (${VALUE_OPTIONS.filter((name) => name !== "--host").join("|")}) return ;;
  esac
  if [[ $words[CURRENT] == -* ]]; then
    choices=(
${describe(GLOBAL_OPTIONS)}    )
    case $operands in
${
    WITH_OPTIONS.map(({ path, options }) =>
      `    ("${path}"*) choices+=(\n${describe(options)}    ) ;;\n`
    ).join("")
  }    esac
    _describe -o option choices
    return
  fi
  case $operands in
    (""|help)
      choices=(
${commands("")}      )
      _describe command choices
      ;;
    (pmd|"help pmd")
      choices=(
${commands("pmd")}      )
      _describe command choices
      ;;
    (completions) compadd ${SHELLS.join(" ")} ;;
    (${NODE_COMMANDS.map((path) => `"${path}"`).join("|")})
      _distflow_nodes $place ;;
  esac
}

if [[ $funcstack[1] == _distflow ]]; then
  _distflow "$@"
else
  compdef _distflow distflow
fi
`;
}

function fishScript(): string {
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

/** What the word `verb` behind `first` does. */
function summaryOf(first: "" | "pmd", verb: string): string {
  const path = first === "" ? verb : `${first} ${verb}`;
  return COMMANDS.find((command) => command.path === path)?.summary ??
    "commands for the PMD";
}

/** A word in single quotes, which no shell looks into. */
function single(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
