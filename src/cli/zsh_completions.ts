import {
  FREE_OPTIONS,
  LIST,
  NODE_COMMANDS,
  single,
  summaryOf,
  VALUE_OPTIONS,
  WITH_OPTIONS,
} from "./completion_words.ts";
import { GLOBAL_OPTIONS, type OptionSpec, SHELLS, verbsOf } from "./spec.ts";

/** Completes in zsh, with explanations. */
export function zshCompletions(): string {
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
    (${FREE_OPTIONS.join("|")}) return ;;
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
