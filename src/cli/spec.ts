/** An option that is written with two dashes. */
export interface OptionSpec {
  /** Its name, without the dashes. */
  readonly name: string;
  /** What its value is called in the help; an option without is a switch. */
  readonly value?: string;
  /** What it does, in a few words. */
  readonly summary: string;
}

/** One thing that the command line can do. */
export interface CommandSpec {
  /** The words that call it, such as `pmd list`. */
  readonly path: CommandPath;
  /** What is written after the words. */
  readonly operands: readonly string[];
  /** What it does, in a few words. */
  readonly summary: string;
  /** Options that only this command has. */
  readonly options: readonly OptionSpec[];
  /** What its own help tells beside that. */
  readonly details: string;
}

/** The words that call a command. */
export type CommandPath =
  | "pmd start"
  | "pmd status"
  | "pmd list"
  | "pmd resolve"
  | "pmd watch"
  | "pmd kill"
  | "send"
  | "version"
  | "help"
  | "completions";

/** Shells that completions are written for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of {@linkcode SHELLS}. */
export type Shell = typeof SHELLS[number];

/** Options that every command understands. */
export const GLOBAL_OPTIONS: readonly OptionSpec[] = [
  { name: "host", value: "HOST", summary: "hostname or address of the PMD" },
  { name: "port", value: "PORT", summary: "port of the PMD" },
  { name: "json", summary: "print JSON instead of tables and sentences" },
  {
    name: "timeout",
    value: "MS",
    summary: "give up after so many milliseconds",
  },
  { name: "no-color", summary: "print without colours" },
  { name: "quiet", summary: "print data and errors, but no notes" },
  { name: "help", summary: "explain the command (-h)" },
  { name: "version", summary: "print the version (-V)" },
];

/** All commands, in the order in which the help shows them. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    path: "pmd start",
    operands: [],
    summary: "start the PMD, unless it runs already",
    options: [
      {
        name: "foreground",
        summary: "run it in this process, until it is asked to end",
      },
      {
        name: "insecure",
        summary: "allow an address that other machines can reach",
      },
      {
        name: "idle-exit-ms",
        value: "MS",
        summary: "let it end after this time without any node (0: never)",
      },
    ],
    details:
      `Starts a process that outlives this one, and returns when it is ready.
--host and --port say where it listens; with --port 0 it takes a free port and
the output tells which.

JSON: {"started", "host", "port", "pid"}; "started" is false if it ran already.`,
  },
  {
    path: "pmd status",
    operands: [],
    summary: "tell how the PMD is",
    options: [],
    details:
      `JSON: {"host", "port", "pmdId", "pid", "runtime", "protocolVersion",
"embedded", "uptimeMs", "nodeCount", "connectionCount", "watcherCount",
"requestCount", "violationCount"}; "embedded" is true if it runs within a node.`,
  },
  {
    path: "pmd list",
    operands: [],
    summary: "list the nodes that are registered",
    options: [],
    details: `UPTIME counts from when a node registered, HEARTBEAT from when
it was last heard.

JSON: an array of nodes, each {"alias", "nodeId", "host", "port", "pid",
"runtime", "incarnation", "registeredAtMs", "uptimeMs", "heartbeatAgeMs"};
"alias" is null for a node without one.`,
  },
  {
    path: "pmd resolve",
    operands: ["<alias>"],
    summary: "tell where a node is",
    options: [],
    details:
      `<alias> is an alias, the id of a node, or alias@host[:port] to ask the PMD
of another machine.

JSON: a node, as "pmd list" has it.`,
  },
  {
    path: "pmd watch",
    operands: [],
    summary: "print nodes as they join and leave",
    options: [],
    details:
      `Prints the nodes there are, then one line for each change, until Ctrl-C (which
is its ordinary end: exit code 0), or until it prints what nobody reads any
more. If the PMD is lost, it waits for the next one; nodes that do not turn up
there within 15 s have left.

JSON: one object a line, {"type", "atMs", ...}:
  "present", "join"  "node": {"alias", "nodeId", "host", "port", "pid",
                     "runtime", "incarnation", "registeredAtMs"}
  "leave"            "node", and "reason": "shutdown", "disconnected",
                     "expired" or "replaced"
  "disconnect"       the PMD is lost
  "connect"          the next PMD is there: "pid"`,
  },
  {
    path: "pmd kill",
    operands: [],
    summary: "shut the PMD down",
    options: [
      { name: "force", summary: "do so even if nodes are registered" },
    ],
    details:
      `Nodes that are registered go on talking with the peers they know. Those that
may start a PMD will start the next one.

JSON: {"killed": true, "host", "port", "pid", "nodeCount"}; "nodeCount" nodes
were registered.`,
  },
  {
    path: "send",
    operands: ["<target>", "<json|->"],
    summary: "send a message to a node",
    options: [
      {
        name: "as",
        value: "ALIAS",
        summary: "register under this alias while sending",
      },
    ],
    details:
      `<target> is an alias, the id of a node, or alias@host[:port] to ask the PMD
of another machine. The message is JSON; "-" reads it from standard input, and
"--" goes before one that begins with a dash, such as -1.

Success means that the node took the message from the network. What it does
with it, it tells nobody: messages are fire and forget.

JSON: {"sent": true, "target", "from", "byteCount"}; "from" is the id that the
receiver saw.`,
  },
  {
    path: "version",
    operands: [],
    summary: "print the version",
    options: [],
    details: `JSON: {"version", "protocolVersion", "runtime"}.`,
  },
  {
    path: "help",
    operands: ["[command]"],
    summary: "explain a command",
    options: [],
    details: "",
  },
  {
    path: "completions",
    operands: ["<shell>"],
    summary: "print a script that completes commands in a shell",
    options: [],
    details:
      `The shell is bash, zsh or fish. To have completions in each new one:

  bash  echo 'eval "$(distflow completions bash)"' >> ~/.bashrc
  zsh   echo 'eval "$(distflow completions zsh)"' >> ~/.zshrc
        (below the line that runs compinit)
  fish  distflow completions fish > ~/.config/fish/completions/distflow.fish`,
  },
];

/** The command that is called by `path`. */
export function findCommand(path: string): CommandSpec | undefined {
  return COMMANDS.find((command) => command.path === path);
}

/** The words that may follow `first`, or begin a command if that is empty. */
export function verbsOf(first: "" | "pmd"): string[] {
  const words = COMMANDS.map(({ path }) => path.split(" "));
  return first === ""
    ? [...new Set(words.map(([word = ""]) => word))]
    : words.flatMap(([word, verb]) => word === first && verb ? [verb] : []);
}
