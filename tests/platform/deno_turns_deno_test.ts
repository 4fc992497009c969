import { assert, assertEquals } from "@std/assert";
import { denoApi } from "../../src/platform/deno_api.ts";
import { DenoBell } from "../../src/platform/deno_bell.ts";
import { DenoTurns } from "../../src/platform/deno_turns.ts";

const deno = denoApi();
assert(deno !== undefined);

const FLOOD_BYTES = 4 * 1024 * 1024;
const LOOPBACK = { hostname: "127.0.0.1", port: 0 };

Deno.test("what has come is read before a bell has rung twice", async () => {
  using listener = Deno.listen(LOOPBACK);
  const { port } = listener.addr as Deno.NetAddr;
  using rope = await Deno.connect({ ...LOOPBACK, port });
  using ear = await listener.accept();
  const bell = new DenoBell(deno);
  bell.hold();
  await bell.ring();
  for (let round = 0; round < 100; round++) {
    let isRead = false;
    const reading = ear.read(new Uint8Array(2)).then(() => isRead = true);
    await rope.write(new Uint8Array(1));
    await bell.ring();
    await bell.ring();
    assert(isRead, `round ${round}`);
    await reading;
  }
  bell.release();
});

Deno.test("a bell that was let go can be rung again", async () => {
  const bell = new DenoBell(deno);
  for (let round = 0; round < 3; round++) {
    bell.hold();
    bell.hold();
    const rings = await Promise.all([bell.ring(), bell.ring()]);
    assertEquals(rings, [true, true]);
    bell.release();
    assert(await bell.ring());
    // What it leaves open here, Deno's own check finds.
    bell.release();
  }
});

Deno.test("who brings much takes turns, and leaves nothing open", async () => {
  const turns = new DenoTurns(new DenoBell(deno));
  assertEquals(turns.after(100), undefined);
  const turn = turns.after(FLOOD_BYTES);
  assert(turn !== undefined);
  await turn;
  assertEquals(turns.after(100), undefined);
  turns.end();
});

Deno.test({
  name: "who may not connect to itself takes turns without asking for it",
  permissions: { net: ["127.0.0.1:1"] },
  async fn() {
    const bell = new DenoBell(deno);
    bell.hold();
    assertEquals(await bell.ring(), false);
    assertEquals(await bell.ring(), false);
    bell.release();
    const turns = new DenoTurns(bell);
    const turn = turns.after(FLOOD_BYTES);
    assert(turn !== undefined);
    await turn;
    turns.end();
  },
});
