import { addressRules } from "./address_rules.ts";
import { endRules } from "./end_rules.ts";
import { pressureRules } from "./pressure_rules.ts";
import { Stage } from "./stage.ts";
import { streamRules } from "./stream_rules.ts";
import type { TransportWorldFactory } from "./transport_world.ts";

/**
 * Tests of all that `src/transport/transport.ts` promises, against a transport
 * in a world of its own per test.
 *
 * @param name Of the transport; the tests' names begin with it.
 */
export function transportCompliance(
  name: string,
  factory: TransportWorldFactory,
): void {
  const test = (rule: string, body: (stage: Stage) => Promise<void>): void => {
    Deno.test(`${name}: ${rule}`, async () => {
      const stage = new Stage(await factory());
      try {
        await body(stage);
      } catch (error) {
        // A world that is left open would be reported instead of the reason.
        await Promise.allSettled([stage.finish()]);
        throw error;
      }
      await stage.finish();
    });
  };
  streamRules(test);
  pressureRules(test);
  endRules(test);
  addressRules(test);
}
