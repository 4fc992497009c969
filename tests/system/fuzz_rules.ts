// PROTOCOL.md as rules for values: a second reading of it, by a hand that does
// not look at the decoders of `src/wire/`.

/** What a value is if it breaks its rule. */
export const BAD: unique symbol = Symbol("bad");

/** What is known of a value that keeps the rule; `BAD` if it does not. */
export type Rule = (value: unknown) => unknown;

type Fields = Readonly<Record<string, Rule>>;

/** An object: the fields that have a rule, `optional` ones if they are there. */
function object(fields: Fields, optional: Fields = {}): Rule {
  const rules = Object.entries({ ...fields, ...optional });
  return (value) => {
    if (typeof value !== "object" || value === null) return BAD;
    if (Array.isArray(value)) return BAD;
    const known: Record<string, unknown> = {};
    for (const [key, rule] of rules) {
      if (Object.hasOwn(value, key)) {
        known[key] = rule((value as Readonly<Record<string, unknown>>)[key]);
        if (known[key] === BAD) return BAD;
      } else if (!(key in optional)) return BAD;
    }
    return known;
  };
}

function only(...values: readonly unknown[]): Rule {
  return (value) => values.includes(value) ? value : BAD;
}

/** Integers "without fraction from 0 to 2^53 - 1", or a smaller range. */
function integer(min = 0, max = 9007199254740991): Rule {
  return (value) => {
    const isGood = typeof value === "number" && Math.floor(value) === value &&
      value >= min && value <= max;
    // JSON can write -0, which is 0.
    return isGood ? value || 0 : BAD;
  };
}

/** Texts of 1 to `max` UTF-16 units. */
function text(max: number, allowed: (code: number) => boolean = () => true) {
  return (value: unknown) => {
    if (typeof value !== "string" || value === "") return BAD;
    if (value.length > max) return BAD;
    for (let index = 0; index < value.length; index++) {
      if (!allowed(value.charCodeAt(index))) return BAD;
    }
    return value;
  };
}

/** "Printable ASCII without space, `"` and `\`." */
function token(max: number): Rule {
  return text(
    max,
    (code) => code > 0x20 && code < 0x7f && code !== 0x22 && code !== 0x5c,
  );
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const NAME_START = `${LETTERS}0123456789_`;

const name: Rule = (value) => {
  if (typeof value !== "string" || value.length > 128) return BAD;
  const isGood = NAME_START.includes(value[0] ?? " ") &&
    [...value].every((unit) => `${NAME_START}.-`.includes(unit));
  return isGood ? value : BAD;
};

function list(rule: Rule, max: number): Rule {
  return (value) => {
    if (!Array.isArray(value) || value.length > max) return BAD;
    const items = value.map(rule);
    return items.includes(BAD) ? BAD : items;
  };
}

const flag = only(true, false);
const anything: Rule = (value) => value;

const IDENTITY: Fields = {
  nodeId: name,
  host: token(255),
  port: integer(1, 65535),
  incarnation: integer(),
};
const RECORD: Fields = { ...IDENTITY, pid: integer(), runtime: text(64) };
const registered = object({
  ...RECORD,
  registeredAtMs: integer(),
  heartbeatAgeMs: integer(),
}, { alias: name });

const id = integer(1);

/** The first rule that a value keeps. */
function oneOf(...rules: readonly Rule[]): Rule {
  return (value) => {
    for (const rule of rules) {
      const known = rule(value);
      if (known !== BAD) return known;
    }
    return BAD;
  };
}

/** What a client may ask of a PMD. */
export const request: Rule = oneOf(
  object({
    id,
    type: only("register"),
    node: object(RECORD, { alias: name }),
    attempt: integer(1),
  }),
  object({ id, type: only("resolve"), name: text(128) }),
  object({ id, type: only("shutdown"), force: flag }),
  object({
    id,
    type: only("unregister", "heartbeat", "list", "watch", "status"),
  }),
);

/** What a PMD may send. */
export const pmdMessage: Rule = oneOf(
  object({ id, type: only("ok") }),
  object({
    id,
    type: only("registered"),
    leaseMs: integer(1, 86_400_000),
    heartbeatMs: integer(1, 86_400_000),
  }),
  object({ id, type: only("resolved"), node: registered }),
  object({ id, type: only("nodes"), nodes: list(registered, 10_000) }),
  object({
    id,
    type: only("status"),
    status: object({
      pmdId: token(64),
      pid: integer(),
      runtime: text(64),
      protocolVersion: integer(1),
      embedded: flag,
      uptimeMs: integer(),
      nodeCount: integer(),
      connectionCount: integer(),
      watcherCount: integer(),
      requestCount: integer(),
      violationCount: integer(),
    }),
  }),
  object({ id, type: only("error") }, { code: anything, details: anything }),
  object({
    type: only("snapshot"),
    sequence: integer(),
    nodes: list(registered, 10_000),
  }),
  object({ type: only("join"), sequence: integer(1), node: registered }),
  object({
    type: only("leave"),
    sequence: integer(1),
    nodeId: name,
    incarnation: integer(),
    reason: only("shutdown", "disconnected", "expired", "replaced"),
  }),
);

/** A control frame between nodes. */
export const nodeControl: Rule = object({ type: only("ping", "pong") });

const greeting = object({
  type: only("hello"),
  protocol: text(64),
  versions: list(anything, 32),
});

const introduction = object({
  frameBytesMax: integer(262_144, 16_777_216),
  runtime: text(64),
  pid: integer(),
}, {
  pmdId: token(64),
  node: object(IDENTITY, { alias: name }),
  link: object({ id: token(64) }, { after: token(64) }),
});

/** A hello for `protocol`, or the codes that it may be refused with. */
export function hello(
  value: unknown,
  protocol: string,
): { readonly hello: object } | { readonly codes: readonly string[] } {
  const spoken = greeting(value) as Record<string, unknown> | typeof BAD;
  if (spoken === BAD) return { codes: ["PROTOCOL_VIOLATION"] };
  const said = introduction(value);
  const versions = (spoken.versions as unknown[])
    .map(integer()).filter((version) => version !== BAD);
  if (spoken.protocol !== protocol || !versions.includes(1)) {
    // What else is wrong with it may be found first, or not at all.
    return {
      codes: said === BAD
        ? ["PROTOCOL_MISMATCH", "PROTOCOL_VIOLATION"]
        : ["PROTOCOL_MISMATCH"],
    };
  }
  if (said === BAD) return { codes: ["PROTOCOL_VIOLATION"] };
  return { hello: { protocol, versions, ...said as object } };
}

/** What a receiver knows of the details in a close frame or an error answer. */
export function details(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return {};
  }
  const flat = Object.entries(value).filter(([key, field]) =>
    key.length <= 64 &&
    (typeof field === "string" || typeof field === "boolean" ||
      typeof field === "number" && Number.isFinite(field))
  );
  return Object.fromEntries(
    flat.slice(0, 16).map(([key, field]) => [
      key,
      typeof field === "string" ? field.slice(0, 256) : field,
    ]),
  );
}
