// The `distflow` command at a real pseudo-terminal, which util-linux's
// `script` makes: colours, width, and what a person types.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { cliCommand, RealPmd, runCli, shellLine } from "../cli/processes.ts";
import { startChat } from "./support.ts";

// The `script` of BSD and macOS has other options.
const hasScript = process.platform === "linux" &&
  spawnSync("script", ["--version"]).status === 0;
if (!hasScript) console.log("Skipped: there is no `script` of util-linux here");

/** A shell at a terminal of its own, and what it has shown so far. */
class AtTerminal implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #shown = "";
  #onChange: () => void = () => {};

  /** Runs a shell's `script` at a terminal of so many columns. */
  constructor(columns: number, script: string, env: Record<string, string>) {
    const line = `stty cols ${columns}; ${script}`;
    this.#child = spawn("script", ["-qec", line, "/dev/null"], {
      env: { ...process.env, NO_COLOR: "", TERM: "xterm", ...env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout?.on("data", (bytes) => {
      this.#shown += String(bytes);
      this.#onChange();
    });
    this.#closed = once(this.#child, "close").then(() => this.#onChange());
  }

  /** All that the terminal has shown; without the carriage returns. */
  get shown(): string {
    return this.#shown.replaceAll("\r\n", "\n");
  }

  /** Resolves when the terminal has shown `text`. */
  async shows(text: string): Promise<void> {
    while (!this.shown.includes(text)) {
      assert(this.#child.exitCode === null, `It showed: ${this.shown}`);
      await new Promise<void>((resolve) => this.#onChange = resolve);
    }
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  async end(): Promise<string> {
    await this.#closed;
    return this.shown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // `script` ends its shell when it is hung up, and then itself.
    if (this.#child.exitCode === null) this.#child.kill("SIGHUP");
    await this.#closed;
  }
}

/** What a terminal of so many columns shows of the shell's `script`. */
async function show(
  columns: number,
  script: string,
  env: Record<string, string> = {},
): Promise<string> {
  await using terminal = new AtTerminal(columns, script, env);
  return await terminal.end();
}

function withoutColors(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\u001b\[\d+m/g, "");
}

/** How many columns a line takes; 節 and 點 are all that is wide in it. */
function columnsOf(line: string): number {
  return [...line].length + [...line.matchAll(/[節點]/g)].length;
}

/** A PMD with three nodes whose values are as wide as they may be, and wider. */
async function threeNodes(): Promise<RealPmd> {
  const pmd = await RealPmd.start();
  await pmd.register({
    alias: "a-long-alias-that-says-what-it-does",
    nodeId: "0123456789abcdef01234567",
    runtime: "節點/1.0",
  });
  await pmd.register({ alias: "worker", runtime: "節點節點節點/20.20.2" });
  await pmd.register({ nodeId: "fedcba98765432100123456789", pid: 7 });
  return pmd;
}

function terminalTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !hasScript, fn });
}

terminalTest("a terminal shows colours, on both streams", async () => {
  await using pmd = await threeNodes();
  const cli = shellLine(cliCommand("pmd", "--port", pmd.port));
  const list = await show(200, `${cli} list`);
  assert(list.startsWith("\u001b[1mALIAS\u001b[22m"), list);
  const failure = await show(200, `${cli} resolve nobody`);
  assert(failure.startsWith("\u001b[31mdistflow:\u001b[39m Cannot"), failure);
});

terminalTest(
  "NO_COLOR, --no-color, a dumb terminal, and a pipe show none",
  async () => {
    await using pmd = await threeNodes();
    const cli = shellLine(cliCommand("pmd", "--port", pmd.port));
    const plain = /^ALIAS +NODE +ADDRESS/;
    assertMatch(await show(200, `${cli} list`, { NO_COLOR: "1" }), plain);
    assertMatch(await show(200, `${cli} list`, { TERM: "dumb" }), plain);
    assertMatch(await show(200, `${cli} list --no-color`), plain);
    assertMatch(await show(200, `${cli} list | cat`), plain);
    const errors = await show(200, `${cli} resolve nobody 2>&1 | cat`);
    assert(errors.startsWith("distflow: Cannot"), errors);
    // Where only the data goes elsewhere, errors are still shown to a person.
    const mixed = await show(200, `${cli} resolve nobody > /dev/null`);
    assert(mixed.startsWith("\u001b[31mdistflow:"), mixed);
  },
);

terminalTest(
  "no line of a table is wider than the terminal; columns stay aligned",
  async () => {
    await using pmd = await threeNodes();
    const cli = shellLine(cliCommand("pmd", "list", "--port", pmd.port));
    const natural = (await runCli(`pmd list --port ${pmd.port}`)).out;
    const widest = Math.max(...natural.split("\n").map(columnsOf));
    assert(widest > 120 && widest < 200, natural);
    for (const columns of [40, 80, 120, 200]) {
      const shown = withoutColors(await show(columns, `${cli} --quiet`));
      const lines = shown.trimEnd().split("\n");
      assertEquals(lines.length, 4, shown);
      const widths = lines.map(columnsOf);
      const limit = Math.min(columns, widest);
      assertEquals(Math.max(...widths), limit, shown);
      assertEquals(columns === 200, !shown.includes("…"), shown);
      const headers = (lines[0] ?? "").split(/ +/);
      if (columns === 40) {
        assertEquals(headers, ["ALIAS", "NODE", "ADDRESS"]);
      } else {
        assertEquals(headers.length, 7, shown);
        // The last column has spans: its values end where its header ends.
        assertEquals(widths, Array(4).fill(limit), shown);
      }
    }
  },
);

terminalTest(
  "a table that lacks columns says so, beside the data",
  async () => {
    await using pmd = await threeNodes();
    const cli = shellLine(cliCommand("pmd", "list", "--port", pmd.port));
    const note = "Too narrow for PID, RUNTIME, UPTIME, HEARTBEAT: see --json";
    assert((await show(40, cli)).includes(note));
    assert(!(await show(40, `${cli} 2> /dev/null`)).includes(note));
  },
);

terminalTest("a terminal without a size gets the whole table", async () => {
  await using pmd = await threeNodes();
  const cli = shellLine(cliCommand("pmd", "list", "--port", pmd.port));
  assert(!(await show(0, cli)).includes("…"));
});

terminalTest("Ctrl-C is the ordinary end of a watch", async () => {
  await using pmd = await threeNodes();
  const cli = shellLine(cliCommand("pmd", "watch", "--port", pmd.port));
  await using terminal = new AtTerminal(
    120,
    `trap : INT; ${cli}; echo "code $?"`,
    {},
  );
  await terminal.shows("fedcba98765432100123456789");
  terminal.type("\u0003");
  await terminal.shows("code 0");
  assertMatch(
    terminal.shown,
    // deno-lint-ignore no-control-regex
    /^\d\d:\d\d:\d\d {2}\u001b\[2mpresent\u001b\[22m {2}a-long-alias/,
  );
});

terminalTest("a message can be typed, and Ctrl-D sends it", async () => {
  await using pmd = await RealPmd.start();
  await using node = startChat("worker", pmd.port);
  await node.says("up");
  const cli = shellLine(cliCommand("send", "worker", "-", "--port", pmd.port));
  await using terminal = new AtTerminal(120, cli, {});
  await terminal.shows("Type the message as JSON, then Ctrl-D");
  terminal.type('{ "type": "END" }\n\u0004');
  await terminal.shows('Sent 14 bytes to "worker"');
  await node.says("ended");
});
