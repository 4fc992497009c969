import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";

/** A package to serve: a folder with a `deno.json` and sources. */
export interface ServedPackage {
  readonly name: string;
  readonly version: string;
  readonly exports: Record<string, string>;
  /** Text by path, beginning with a slash. */
  readonly files: ReadonlyMap<string, string>;
}

/** Reads a package from a folder, without what is not published. */
export function readPackage(
  folder: string,
  roots: readonly string[],
): ServedPackage {
  const config = JSON.parse(readFileSync(join(folder, "deno.json"), "utf8"));
  const files = new Map<string, string>();
  const imports: Record<string, string> = config.imports ?? {};
  const add = (path: string): void => {
    const full = join(folder, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory()) {
      for (const child of readdirSync(full)) add(`${path}/${child}`);
    } else if (path.endsWith(".ts") || path.endsWith(".js")) {
      files.set(`/${path}`, withImports(readFileSync(full, "utf8"), imports));
    }
  };
  for (const root of roots) add(root);
  const { exports } = config;
  return {
    name: config.name,
    version: config.version,
    exports: typeof exports === "string" ? { ".": exports } : exports,
    files,
  };
}

/** Bare imports become the specifiers that publishing turns them into. */
function withImports(text: string, imports: Record<string, string>): string {
  return text.replace(/(from ")(@std\/[a-z]+)/g, (all, from, name: string) => {
    const target = imports[name];
    return target === undefined ? all : `${from}${target}`;
  });
}

/** Serves packages as JSR does, on loopback. */
export async function serveJsr(
  packages: readonly ServedPackage[],
): Promise<{ url: string; requests: string[]; close: () => Promise<void> }> {
  const requests: string[] = [];
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    requests.push(path);
    const body = answer(packages, path);
    if (body === undefined) {
      response.writeHead(404).end();
      return;
    }
    const type = path.endsWith(".json")
      ? "application/json"
      : path.endsWith(".js")
      ? "text/javascript"
      : "text/typescript";
    response.writeHead(200, { "content-type": type }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function answer(
  packages: readonly ServedPackage[],
  path: string,
): string | undefined {
  for (const each of packages) {
    const base = `/${each.name}/`;
    if (!path.startsWith(base)) continue;
    const rest = path.slice(base.length);
    if (rest === "meta.json") {
      return JSON.stringify({
        versions: { [each.version]: {} },
        latest: each.version,
      });
    }
    if (rest === `${each.version}_meta.json`) {
      return JSON.stringify({
        exports: each.exports,
        manifest: Object.fromEntries(
          [...each.files].map(([file, text]) => [file, checksum(text)]),
        ),
      });
    }
    if (rest.startsWith(`${each.version}/`)) {
      return each.files.get(rest.slice(each.version.length));
    }
  }
  return undefined;
}

function checksum(text: string): { size: number; checksum: string } {
  const hash = createHash("sha256").update(text).digest("hex");
  return {
    size: new TextEncoder().encode(text).length,
    checksum: `sha256-${hash}`,
  };
}
