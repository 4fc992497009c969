import {
  FREE_OPTIONS,
  LIST,
  NODE_COMMANDS,
  VALUE_OPTIONS,
  WITH_OPTIONS,
} from "./completion_words.ts";
import { GLOBAL_OPTIONS, type OptionSpec, SHELLS, verbsOf } from "./spec.ts";

/** Completes in bash; in 3.2, too, which macOS has. */
export function bashCompletions(): string {
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
    ${FREE_OPTIONS.join("|")}) return ;;
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

function names(options: readonly OptionSpec[]): string {
  return options.map(({ name }) => `--${name}`).join(" ");
}
