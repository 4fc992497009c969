import { assertEquals, assertThrows } from "@std/assert";
import { parsePmdArguments } from "../../src/pmd/arguments.ts";

type Env = Readonly<Record<string, string>>;

function parse(line: string, env: Env = {}) {
  const args = line.split(" ").filter((word) => word !== "");
  return parsePmdArguments(args, (name) => env[name]);
}

function place(line: string, env?: Env): unknown[] {
  const command = parse(line, env);
  return command.act === "run" ? [command.host, command.port] : [];
}

function assertRefused(line: string, message: string, env?: Env): void {
  assertThrows(() => parse(line, env), TypeError, message);
}

Deno.test("a PMD runs on loopback, quietly and for ever, unless told otherwise", () => {
  assertEquals(parse(""), {
    act: "run",
    host: "127.0.0.1",
    port: 4369,
    insecure: false,
    idleExitMs: 0,
    verbose: false,
  });
  assertEquals(
    parse(
      "--host 0.0.0.0 --port=5000 --insecure --verbose --idle-exit-ms 60000",
    ),
    {
      act: "run",
      host: "0.0.0.0",
      port: 5000,
      insecure: true,
      idleExitMs: 60_000,
      verbose: true,
    },
  );
});

Deno.test("help and version win over whatever else is asked for", () => {
  assertEquals(parse("--port x --help"), { act: "help" });
  assertEquals(parse("-h"), { act: "help" });
  assertEquals(parse("--insecure --version"), { act: "version" });
});

Deno.test("an IPv6 address may have its brackets", () => {
  assertEquals(place("--host [::1]"), ["::1", 4369]);
  assertEquals(place("--host ::1"), ["::1", 4369]);
});

Deno.test("the environment of a PMD speaks where its command line is silent", () => {
  const env = { DISTFLOW_PMD_HOST: "::1", DISTFLOW_PMD_PORT: "5000" };
  assertEquals(place("", env), ["::1", 5000]);
  assertEquals(place("--host 127.0.0.1 --port 0", env), ["127.0.0.1", 0]);
  const empty = { DISTFLOW_PMD_HOST: "", DISTFLOW_PMD_PORT: "" };
  assertEquals(place("", empty), ["127.0.0.1", 4369]);
});

Deno.test("what a PMD does not understand is refused by the name of who said it", () => {
  assertRefused("--prot 1", 'Unknown argument "--prot"');
  assertRefused("start", 'Unknown argument "start"');
  assertRefused("--port", "--port needs a value");
  assertRefused("--host --insecure", "--host needs a value");
  assertRefused("--host=", "--host needs a value");
  assertRefused("--insecure=yes", "--insecure takes no value");
  for (const port of ["65536", "-1", "4369x", "1e3"]) {
    assertRefused(
      `--port ${port}`,
      `--port must be an integer from 0 to 65535: it is "${port}"`,
    );
  }
  assertRefused("--idle-exit-ms 2147483648", "--idle-exit-ms must be");
  assertRefused(
    "",
    "DISTFLOW_PMD_PORT must be an integer from 0 to 65535: it",
    {
      DISTFLOW_PMD_PORT: "many",
    },
  );
});
