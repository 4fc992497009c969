// The completion scripts, run by the shells that they are for. A shell that is
// not installed is skipped.
import { assert, assertEquals } from "@std/assert";
import { spawnSync } from "node:child_process";
import { completionScript } from "../../src/cli/completions.ts";
import type { Shell } from "../../src/cli/spec.ts";
import { CliWorld } from "./support.ts";

const VERBS = ["kill", "list", "resolve", "start", "status", "watch"];
const COMMANDS = ["completions", "help", "pmd", "send", "version"];
const OPTIONS = [
  "--help",
  "--host",
  "--json",
  "--no-color",
  "--port",
  "--quiet",
  "--timeout",
  "--version",
];

/** Command lines, and what Tab at their end offers. */
const CASES: readonly (readonly [string, readonly string[]])[] = [
  ["distflow ", COMMANDS],
  ["distflow p", ["pmd"]],
  ["distflow pmd ", VERBS],
  ["distflow pmd st", ["start", "status"]],
  ["distflow --json pmd --port 1 re", ["resolve"]],
  ["distflow pmd list --", OPTIONS],
  ["distflow pmd kill --f", ["--force"]],
  ["distflow pmd list --f", []],
  ["distflow pmd start --i", ["--idle-exit-ms", "--insecure"]],
  ["distflow send --a", ["--as"]],
  ["distflow --timeout ", []],
  ["distflow help ", COMMANDS],
  ["distflow help pmd ", VERBS],
  ["distflow completions ", ["bash", "fish", "zsh"]],
  ["distflow completions z", ["zsh"]],
  // Nodes, as the PMD lists them; one without an alias goes by its id.
  ["distflow pmd resolve ", ["0123abcd", "worker", "writer"]],
  ["distflow pmd resolve w", ["worker", "writer"]],
  ["distflow send wo", ["worker"]],
  ["distflow send worker ", []],
  // Asked of the PMD that the line names.
  ["distflow --port 5000 send ", ["elsewhere"]],
  ["distflow --port 5000 --host h pmd resolve ", ["far-away"]],
];

/** A `distflow` that lists nodes as the real one does; for all three shells. */
const FAKE = `
case "$*" in
  "pmd list --quiet --no-color --timeout 1000 --port 5000 --host h")
    echo "ALIAS NODE"; echo "far-away 1" ;;
  "pmd list --quiet --no-color --timeout 1000 --port 5000")
    echo "ALIAS NODE"; echo "elsewhere 1" ;;
  "pmd list --quiet --no-color --timeout 1000")
    echo "ALIAS   NODE      ADDRESS"
    echo "worker  11111111  127.0.0.1:1"
    echo "-       0123abcd  127.0.0.1:2"
    echo "writer  22222222  127.0.0.1:3" ;;
  *) echo "unexpected: $*" >&2; exit 1 ;;
esac`;

interface Driver {
  readonly shell: Shell;
  readonly args: readonly string[];
  /** A program that prints what is offered, one word a line, and `@@`. */
  program(lines: readonly string[]): string;
  /** Whether the program is the last argument, not standard input. */
  readonly isArgument?: boolean;
}

const DRIVERS: readonly Driver[] = [
  {
    shell: "bash",
    args: ["--norc", "--noprofile", "-s"],
    program: (lines) =>
      `distflow() (${FAKE}\n)
${completionScript("bash")}
[[ $(complete -p distflow) == "complete -F _distflow distflow" ]] || exit 1
${
        lines.map((line) => {
          const words = line.split(" ").map((word) => `'${word}'`);
          return `COMP_WORDS=(${
            words.join(" ")
          }); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _distflow
for word in "\${COMPREPLY[@]}"; do echo "$word"; done; echo @@\n`;
        }).join("")
      }`,
  },
  {
    shell: "zsh",
    args: ["-f", "-s"],
    // What zsh itself does with the words is left out: the line editor of an
    // interactive shell would have to be read off a terminal.
    program: (lines) =>
      `distflow() (${FAKE}\n)
offer() { local word; for word in "$@"; do
  [[ $word == $words[CURRENT]* ]] && print -r -- $word; done; true }
compdef() { registered="$*" }
compadd() { [[ $1 == -a ]] && offer \${(P)2} || offer "$@" }
_describe() { offer \${\${(P)@[-1]}%%:*} }
${completionScript("zsh")}
[[ $registered == "_distflow distflow" ]] || exit 1
${
        lines.map((line) => {
          const words = line.split(" ").map((word) => `'${word}'`);
          return `words=(${
            words.join(" ")
          }); CURRENT=$#words; _distflow; print -r -- @@\n`;
        }).join("")
      }`,
  },
  {
    shell: "fish",
    args: ["--no-config", "-c"],
    // fish takes a socket, which Node.js gives as standard input, for a folder.
    isArgument: true,
    program: (lines) =>
      `function distflow; sh -c '${FAKE}' distflow $argv; end
${completionScript("fish")}
${
        lines.map((line) =>
          `complete -C '${line}' | string replace -r '\\t.*' ''; echo @@\n`
        ).join("")
      }`,
  },
];

for (const { shell, args, program, isArgument } of DRIVERS) {
  Deno.test({
    name: `completions work in ${shell}`,
    ignore: spawnSync(shell, ["--version"]).status !== 0,
    fn() {
      const text = program(CASES.map(([line]) => line));
      const { status, stdout, stderr } = isArgument
        ? spawnSync(shell, [...args, text], { encoding: "utf8" })
        : spawnSync(shell, args, { input: text, encoding: "utf8" });
      assertEquals([status, stderr], [0, ""]);
      const offers = stdout.split("@@\n").slice(0, -1).map((text) =>
        text.split("\n").filter((word) => word !== "").sort()
      );
      assertEquals(offers.length, CASES.length);
      for (const [index, [line, expected]] of CASES.entries()) {
        assertEquals(offers[index], expected, `"${line}"`);
      }
    },
  });
}

Deno.test({
  name: 'completions in bash understand "--port=5000", which it splits',
  ignore: spawnSync("bash", ["--version"]).status !== 0,
  fn() {
    const { stdout } = spawnSync("bash", ["--norc", "--noprofile", "-s"], {
      input: `distflow() (${FAKE}\n)
${completionScript("bash")}
COMP_WORDS=(distflow --port = 5000 send ''); COMP_CWORD=5; _distflow
echo "\${COMPREPLY[@]}"
COMP_WORDS=(distflow --port =); COMP_CWORD=2; _distflow
echo "\${#COMPREPLY[@]}"
`,
      encoding: "utf8",
    });
    assertEquals(stdout, "elsewhere\n0\n");
  },
});

Deno.test("the scripts are printed as they are", async () => {
  const cli = new CliWorld();
  for (const shell of ["bash", "zsh", "fish"] as const) {
    const { code, out } = await cli.run(`completions ${shell}`);
    assertEquals([code, out], [0, completionScript(shell)]);
    assert(out.includes(`Completes distflow in ${shell}`));
  }
});
