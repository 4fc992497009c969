import { PMD_PORT_DEFAULT } from "../pmd/options.ts";
import type { Address } from "../transport/transport.ts";
import { ALIAS_PATTERN } from "../wire/fields.ts";

/** Whom a message is for. */
export interface Target {
  /** An alias or a node id. */
  readonly name: string;
  /** The PMD to ask, if it is not this node's own. */
  readonly pmd?: Address;
}

/**
 * Reads `name` or `name@host[:pmdPort]`; an IPv6 host stands in brackets.
 *
 * @throws {TypeError} If the text is neither.
 */
export function parseTarget(text: string): Target {
  if (typeof text !== "string") throw notTarget(String(text));
  const at = text.indexOf("@");
  const name = at < 0 ? text : text.slice(0, at);
  const pmd = at < 0 ? undefined : parseHost(text.slice(at + 1));
  if (!ALIAS_PATTERN.test(name) || (at >= 0 && pmd === undefined)) {
    throw notTarget(JSON.stringify(text.slice(0, 300)));
  }
  return pmd === undefined ? { name } : { name, pmd };
}

function notTarget(shown: string): TypeError {
  return new TypeError(
    `Cannot use ${shown} as a target: it must be an alias, a node id, or alias@host[:pmdPort]`,
  );
}

const HOST = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/;

function parseHost(text: string): Address | undefined {
  const match = text.length > 270 ? null : HOST.exec(text);
  const hostname = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? PMD_PORT_DEFAULT : Number(match[3]);
  if (hostname === undefined || port < 1 || port > 65535) return undefined;
  return { hostname, port };
}
