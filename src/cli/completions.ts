import { bashCompletions } from "./bash_completions.ts";
import { fishCompletions } from "./fish_completions.ts";
import type { Shell } from "./spec.ts";
import { zshCompletions } from "./zsh_completions.ts";

/**
 * A script that completes `distflow` in a shell: commands, options, and the
 * names of the nodes that the PMD knows at that moment.
 */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case "bash":
      return bashCompletions();
    case "zsh":
      return zshCompletions();
    case "fish":
      return fishCompletions();
  }
}
