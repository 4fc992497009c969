import { assertEquals } from "@std/assert";
import { freePort } from "../packages/support.ts";
import { scriptCommand } from "../support/script.ts";
import { endPmd } from "../system/support.ts";
import { Family, runToEnd } from "./support.ts";

const EXAMPLE = "examples/ping_pong.ts";
const ROUNDS = [1, 2, 3, 4, 5];

Deno.test("ping_pong: five pings are answered by another process, and all ends", async () => {
  const lines = await runToEnd(scriptCommand(EXAMPLE));
  assertEquals(
    lines.filter((line) => line !== "ping waits for pong"),
    ROUNDS.flatMap((round) => [
      `pong got PING ${round} from ping`,
      `ping got PONG ${round} from pong`,
    ]),
  );
});

for (const order of [["ping", "pong"], ["pong", "ping"]]) {
  Deno.test(`ping_pong: in two terminals, ${order.join(" and then ")}`, async () => {
    const port = await freePort();
    const [first = "", second = ""] = order;
    try {
      await using one = new Family(scriptCommand(EXAMPLE, first, port));
      if (first === "ping") await one.program.says("ping waits for pong");
      await using other = new Family(scriptCommand(EXAMPLE, second, port));
      const outcomes = [await one.end(), await other.end()];
      assertEquals(outcomes.map(({ code }) => code), [0, 0]);
      const ping = outcomes[first === "ping" ? 0 : 1]?.lines ?? [];
      assertEquals(
        ping.filter((line) => line !== "ping waits for pong"),
        ROUNDS.map((round) => `ping got PONG ${round} from pong`),
      );
    } finally {
      // Two terminals use the machine's PMD, which outlives them for a while.
      await endPmd(port);
    }
  });
}
