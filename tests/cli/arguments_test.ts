import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseCommandLine } from "../../src/cli/arguments.ts";
import type { Command, Settings } from "../../src/cli/command.ts";
import { UsageError } from "../../src/cli/usage_error.ts";

type Env = Readonly<Record<string, string>>;

/** Splits at spaces; an argument with spaces is given as an array. */
function parse(line: string | readonly string[], env: Env = {}) {
  const args = typeof line === "string"
    ? line.split(" ").filter((word) => word !== "")
    : line;
  return parseCommandLine(args, (name) => env[name]);
}

function commandOf(line: string | readonly string[], env?: Env): Command {
  return parse(line, env).command;
}

function settingsOf(line: string, env?: Env): Settings {
  return parse(line, env).settings;
}

function assertRefused(
  line: string | readonly string[],
  message: string,
  env?: Env,
): void {
  const error = assertThrows(() => parse(line, env), UsageError, message);
  assert(error.message.startsWith("Cannot "), error.message);
  const program = String.raw`distflow(?: [a-z]+)* --help`;
  assert(
    new RegExp(`[.?] See "${program}"$`).test(error.message),
    error.message,
  );
}

Deno.test("every command is understood", () => {
  assertEquals(commandOf("pmd status"), { act: "status" });
  assertEquals(commandOf("pmd list"), { act: "list" });
  assertEquals(commandOf("pmd watch"), { act: "watch" });
  assertEquals(commandOf("pmd kill"), { act: "kill", force: false });
  assertEquals(commandOf("pmd kill --force"), { act: "kill", force: true });
  assertEquals(commandOf("version"), { act: "version" });
  for (
    const line of ["--version", "-v", "-V", "pmd --version", "pmd list -V"]
  ) {
    assertEquals(commandOf(line), { act: "version" }, line);
  }
  assertEquals(commandOf("completions zsh"), {
    act: "completions",
    shell: "zsh",
  });
});

Deno.test("start takes what a PMD takes", () => {
  assertEquals(commandOf("pmd start"), {
    act: "start",
    foreground: false,
    insecure: false,
    idleExitMs: 0,
  });
  assertEquals(
    commandOf("pmd start --foreground --insecure --idle-exit-ms 60000"),
    { act: "start", foreground: true, insecure: true, idleExitMs: 60_000 },
  );
  assertEquals(settingsOf("pmd start --port 0").address.port, 0);
});

Deno.test("a node to look for is an alias, an id, or alias@host[:port]", () => {
  assertEquals(commandOf("pmd resolve worker"), {
    act: "resolve",
    name: "worker",
  });
  assertEquals(commandOf("pmd resolve 42"), { act: "resolve", name: "42" });
  assertEquals(commandOf("pmd resolve worker@build-1"), {
    act: "resolve",
    name: "worker",
    pmd: { hostname: "build-1", port: 4369 },
  });
  assertEquals(commandOf("pmd resolve worker@[::1]:5000"), {
    act: "resolve",
    name: "worker",
    pmd: { hostname: "::1", port: 5000 },
  });
  assertRefused(
    "pmd resolve a/b",
    'Cannot look for "a/b": a node goes by its alias, its id, or alias@host[:port]',
  );
  assertRefused("pmd resolve a@b:70000", 'Cannot look for "a@b:70000"');
});

Deno.test("a message to send is JSON of any kind", () => {
  const message = (text: string) => {
    const command = commandOf(["send", "worker", text]);
    return command.act === "send" ? command.message : command;
  };
  assertEquals(message('{"type": "HELLO", "to": [1, null]}'), {
    type: "HELLO",
    to: [1, null],
  });
  assertEquals(message('"two words"'), "two words");
  assertEquals(message("42"), 42);
  assertEquals(message("null"), null);
  assertEquals(message("true"), true);
  assertEquals(message(' {"a":\n1} '), { a: 1 });
  assertEquals(message("-"), undefined);
});

Deno.test("true and false behind a switch are messages, not its value", () => {
  for (const [word, value] of [["true", true], ["false", false]] as const) {
    for (const name of ["--json", "--quiet", "--no-color"]) {
      assertEquals(commandOf(["send", "worker", name, word]), {
        act: "send",
        target: "worker",
        message: value,
      });
    }
  }
});

Deno.test('what stands behind "--" is no option', () => {
  assertEquals(commandOf("send worker -- -5"), {
    act: "send",
    target: "worker",
    message: -5,
  });
  const { command, settings } = parse(["send", "--", "json", '"--json"']);
  assertEquals(command, { act: "send", target: "json", message: "--json" });
  assertEquals(settings.json, false);
  assertRefused("pmd list -- --json", 'Cannot understand "--json" behind');
});

Deno.test("a message may be sent under an alias", () => {
  assertEquals(commandOf("send worker 1 --as boss"), {
    act: "send",
    target: "worker",
    message: 1,
    alias: "boss",
  });
  assertRefused("send worker 1 --as a/b", 'Cannot send as "a/b": an alias is');
  assertRefused(
    "send worker 1 --as worker",
    'Cannot send to "worker" as itself',
  );
  assertRefused("send worker 1 --as", "Cannot read --as without a value");
});

Deno.test("what is not JSON is refused, with the quotes that are missing", () => {
  assertRefused(
    "send worker hello",
    `Cannot send "hello", which is not JSON: a string has double quotes, as in '"hello"'. See "distflow send --help"`,
  );
  assertRefused(["send", "worker", "hello\n"], `as in '"hello"'. See`);
  assertRefused(["send", "worker", "{a: 1}"], 'Cannot send "{a: 1}", which is');
  assertRefused(["send", "worker", ""], 'Cannot send "", which is not JSON');
  assertRefused(
    ["send", "worker", "x".repeat(200)],
    `Cannot send "${"x".repeat(80)}…", which is not JSON`,
  );
});

Deno.test("missing and extra operands are refused by name", () => {
  assertRefused("send", 'Cannot run "distflow send" without <target>');
  assertRefused("send worker", 'Cannot run "distflow send" without <json|->');
  assertRefused(
    "send worker two words",
    `a message with spaces goes in quotes, as in '{"type": "HELLO"}'`,
  );
  assertRefused(
    "pmd resolve",
    'Cannot run "distflow pmd resolve" without <alias>',
  );
  assertRefused(
    "pmd resolve a b",
    'Cannot understand "b" behind "distflow pmd resolve <alias>"',
  );
  assertRefused("version 2", 'Cannot understand "2" behind "distflow version"');
  assertRefused("completions", "without <shell>: bash, zsh, fish. See");
});

Deno.test("an unknown command is refused, with the one that was meant", () => {
  assertRefused("", 'Cannot run "distflow" without a command: pmd, send,');
  assertRefused(
    "pmd",
    'Cannot run "distflow pmd" without a command: start, status, list',
  );
  assertRefused(
    "pmd lst",
    'Cannot understand "lst": "distflow pmd" has no such command. Did you mean "list"? See "distflow pmd --help"',
  );
  assertRefused("list", 'Did you mean "pmd list"?');
  assertRefused("sned", 'Did you mean "send"?');
  assertRefused("frobnicate", '"distflow" has no such command. See');
  assertRefused("pmd __proto__", 'Cannot understand "__proto__"');
  assertRefused("help pmd lost", 'Did you mean "list"?');
  assertRefused("help list", 'Did you mean "pmd list"?');
  assertRefused("help pmd list all", 'Cannot understand "all" behind');
  assertRefused("completions fihs", 'Did you mean "fish"?');
});

Deno.test("what other tools call a command is not understood, but known", () => {
  assertRefused("pmd stop", 'Did you mean "kill"?');
  assertRefused("pmd ls", 'Did you mean "list"?');
  assertRefused("ps", 'Did you mean "pmd list"?');
  assertRefused("info", 'Did you mean "pmd status"?');
});

Deno.test("an unknown option is refused, with the one that was meant", () => {
  assertRefused(
    "pmd list --prot 1",
    'Cannot understand the option "--prot". Did you mean "--port"? See "distflow pmd list --help"',
  );
  assertRefused("pmd kill --forse", 'Did you mean "--force"?');
  assertRefused("pmd list --color", 'Did you mean "--no-color"?');
  assertRefused("pmd list -x", 'Cannot understand the option "-x"');
  assertRefused("pmd list --__proto__=1", 'the option "--__proto__"');
  assertRefused("pmd list --constructor", 'the option "--constructor"');
  assertRefused(
    "send worker -5",
    'Cannot understand the option "-5": to send a negative number, put "--" before it',
  );
});

Deno.test("an option of another command is refused, with its owner", () => {
  assertRefused(
    "pmd list --force",
    'Cannot use --force with "distflow pmd list": it belongs to "distflow pmd kill"',
  );
  assertRefused("pmd kill --as me", 'it belongs to "distflow send"');
  assertRefused("version --insecure", 'it belongs to "distflow pmd start"');
});

Deno.test("switches take no value, and the others need one", () => {
  assertRefused("pmd list --json=yes", "Cannot read --json with a value");
  assertRefused("pmd list --no-color=1", "Cannot read --no-color with a value");
  assertRefused(
    "pmd list --port",
    'Cannot read --port without a value, as in "--port PORT"',
  );
  assertRefused("pmd list --port --json", "Cannot read --port without a value");
  assertRefused("pmd list --host=", "Cannot read --host without a value");
  // As of a shell's "$PORT" that is not set.
  assertRefused(["pmd", "list", "--port", ""], "Cannot read --port without");
  assertRefused(["--host", "", "pmd", "list"], "Cannot read --host without");
});

Deno.test("numbers are checked", () => {
  for (const port of ["0", "65536", "-1", "4369x", "1e3", "0x10", "4 369"]) {
    assertRefused(["pmd", "list", `--port=${port}`], `"${port}"`);
  }
  assertRefused(
    "pmd list --port 99999",
    'Cannot use --port "99999", which is no integer from 1 to 65535',
  );
  assertRefused("pmd start --port 65536", "which is no integer from 0 to");
  assertRefused("pmd list --timeout 0", 'Cannot use --timeout "0"');
  assertRefused("pmd list --timeout 2s", 'Cannot use --timeout "2s"');
  assertRefused("pmd list --timeout 2147483648", "from 1 to 2147483647");
  assertRefused("pmd start --idle-exit-ms x", 'Cannot use --idle-exit-ms "x"');
});

Deno.test("a host is a name or an address, and never has the port", () => {
  const host = (text: string) =>
    settingsOf(`pmd list --host ${text}`).address.hostname;
  assertEquals(host("build-1.example.org"), "build-1.example.org");
  assertEquals(host("10.0.0.7"), "10.0.0.7");
  assertEquals(host("::1"), "::1");
  assertEquals(host("[fe80::1]"), "fe80::1");
  assertRefused(
    "pmd list --host 10.0.0.7:4369",
    'Cannot use --host "10.0.0.7:4369", which is no hostname or IP address: the port goes to --port',
  );
  assertRefused("pmd list --host [::1]:80", "the port goes to --port");
  assertRefused("pmd list --host a/b", 'Cannot use --host "a/b"');
  assertRefused(`pmd list --host ${"a".repeat(256)}`, "Cannot use --host");
});

Deno.test("the environment speaks where the command line is silent", () => {
  const env = { DISTFLOW_PMD_HOST: "build-1", DISTFLOW_PMD_PORT: "5000" };
  assertEquals(settingsOf("pmd list", env).address, {
    hostname: "build-1",
    port: 5000,
  });
  assertEquals(
    settingsOf("pmd list --host build-2 --port 6000", env).address,
    { hostname: "build-2", port: 6000 },
  );
  assertEquals(settingsOf("pmd list").address, {
    hostname: "127.0.0.1",
    port: 4369,
  });
  const empty = {
    DISTFLOW_PMD_HOST: "",
    DISTFLOW_PMD_PORT: "",
    DISTFLOW_LOG: "",
  };
  assertEquals(settingsOf("pmd list", empty), settingsOf("pmd list"));
});

Deno.test("wrong values of the environment are refused by name", () => {
  assertRefused("pmd list", 'Cannot use DISTFLOW_PMD_PORT "many"', {
    DISTFLOW_PMD_PORT: "many",
  });
  assertRefused("pmd list", 'Cannot use DISTFLOW_PMD_HOST "a b"', {
    DISTFLOW_PMD_HOST: "a b",
  });
  assertRefused(
    "pmd list",
    'Cannot use DISTFLOW_LOG "loud", which is none of debug, info, warn, error, silent',
    { DISTFLOW_LOG: "loud" },
  );
});

Deno.test("a wrong environment hurts no command that does not use it", () => {
  const env = { DISTFLOW_PMD_PORT: "many", DISTFLOW_LOG: "loud" };
  assertEquals(commandOf("version", env), { act: "version" });
  assertEquals(commandOf("pmd list --help", env).act, "help");
  assertEquals(commandOf("completions bash", env).act, "completions");
});

Deno.test("DISTFLOW_LOG says what the library logs", () => {
  assertEquals(settingsOf("pmd list").logLevel, "warn");
  assertEquals(
    settingsOf("pmd list", { DISTFLOW_LOG: "debug" }).logLevel,
    "debug",
  );
});

Deno.test("the output's look is set anywhere on the line", () => {
  for (
    const line of ["pmd list --json", "pmd --json list", "--json pmd list"]
  ) {
    assertEquals(settingsOf(line).json, true);
  }
  const { json, color, quiet, timeoutMs } = settingsOf("pmd list");
  assertEquals([json, color, quiet, timeoutMs], [false, true, false, 5000]);
  assertEquals(settingsOf("pmd list --quiet").quiet, true);
  assertEquals(settingsOf("pmd list --timeout 250").timeoutMs, 250);
  assertEquals(settingsOf("pmd list --timeout=250").timeoutMs, 250);
  assertEquals(settingsOf("pmd list --port 1 --port 2").address.port, 2);
});

Deno.test("--no-color, NO_COLOR and a dumb terminal turn colours off", () => {
  assertEquals(settingsOf("pmd list --no-color").color, false);
  assertEquals(settingsOf("pmd list", { NO_COLOR: "1" }).color, false);
  assertEquals(settingsOf("pmd list", { NO_COLOR: "" }).color, true);
  assertEquals(settingsOf("pmd list", { TERM: "dumb" }).color, false);
  assertEquals(settingsOf("pmd list", { TERM: "xterm" }).color, true);
});

Deno.test("--help anywhere explains the command, whatever else is wrong", () => {
  const topic = (line: string) => {
    const command = commandOf(line);
    return command.act === "help" ? command.topic : command;
  };
  assertEquals(topic("--help"), "");
  assertEquals(topic("help"), "");
  assertEquals(topic("pmd --help"), "pmd");
  assertEquals(topic("help pmd"), "pmd");
  assertEquals(topic("pmd list --help"), "pmd list");
  assertEquals(topic("help pmd list"), "pmd list");
  assertEquals(topic("pmd help"), "pmd");
  assertEquals(topic("pmd help list"), "pmd list");
  assertEquals(topic("--help pmd list --port x --frob"), "pmd list");
  assertEquals(topic("send -h"), "send");
  assertEquals(topic("frobnicate -h"), "");
});
