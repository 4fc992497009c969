import { currentPlatform } from "../../src/platform/mod.ts";
import { PmdClient } from "../../src/pmd/client.ts";
import { Running } from "../packages/support.ts";
import { scriptCommand } from "../support/script.ts";

/** A client of the PMD on a port. */
export function pmdClient(port: number): Promise<PmdClient> {
  return PmdClient.open({
    address: { hostname: "127.0.0.1", port },
    platform: currentPlatform(),
    timeoutMs: 5000,
  });
}

/** Ends the PMD on a port, if one runs there. */
export async function endPmd(port: number): Promise<void> {
  let client: PmdClient;
  try {
    client = await pmdClient(port);
  } catch (error) {
    if ((error as { code?: string }).code === "PMD_UNREACHABLE") return;
    throw error;
  }
  await client.shutdown(true);
  await client.close();
}

/** Starts a node in a process of its own: `programs/chat.ts`. */
export function startChat(
  alias: string,
  port: number,
  partner?: string,
): Running {
  return new Running(
    scriptCommand(
      "tests/system/programs/chat.ts",
      alias,
      port,
      ...(partner === undefined ? [] : [partner]),
    ),
  );
}

/** Ends processes and the PMD of a test, whatever became of it. */
export async function cleanUp(
  port: number,
  running: readonly Running[],
): Promise<void> {
  for (const each of running) await each[Symbol.asyncDispose]();
  await endPmd(port);
}
