import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DistflowError } from "../../src/base/errors.ts";
import { FrameDecoder, FrameWriter, type Loan } from "../../src/wire/frame.ts";

const LIMIT_BYTES = 1024 * 1024;

function encode(...texts: string[]): Uint8Array {
  const writer = new FrameWriter();
  for (const text of texts) writer.add(text);
  return writer.take();
}

/** All texts that come out when `bytes` arrive cut at `cuts`. */
function decodeCut(bytes: Uint8Array, cuts: readonly number[]): string[] {
  const texts: string[] = [];
  const decoder = new FrameDecoder(LIMIT_BYTES, (text) => {
    texts.push(text);
    return true;
  });
  const edges = [
    0,
    ...cuts.map((cut) => cut % (bytes.length + 1)),
    bytes.length,
  ]
    .sort((a, b) => a - b);
  for (let index = 1; index < edges.length; index++) {
    // A copy that is spoilt afterwards: the decoder must not keep a view.
    const piece = bytes.slice(edges[index - 1], edges[index]);
    decoder.push(piece);
    piece.fill(0xff);
  }
  assertEquals(decoder.keptBytes, 0);
  return texts;
}

function failure(bytes: Uint8Array, limitBytes = LIMIT_BYTES): DistflowError {
  const decoder = new FrameDecoder(limitBytes, () => true);
  return assertThrows(() => decoder.push(bytes), DistflowError);
}

Deno.test("frames decode to themselves however the bytes are cut", () => {
  fc.assert(fc.property(
    fc.array(fc.string({ minLength: 1, unit: "binary" }), { minLength: 1 }),
    fc.array(fc.nat()),
    (texts, cuts) => {
      const wellFormed = texts.map((text) => text.toWellFormed?.() ?? text);
      assertEquals(decodeCut(encode(...wellFormed), cuts), wellFormed);
    },
  ));
});

Deno.test("a frame of several megabytes passes in pieces", () => {
  const text = "a".repeat(900_000) + "é".repeat(50_000);
  assertEquals(decodeCut(encode(text, "{}"), [1, 70_000, 900_001]), [
    text,
    "{}",
  ]);
});

Deno.test("a frame's header is its length, big-endian", () => {
  assertEquals([...encode("[]")], [0, 0, 0, 2, 0x5b, 0x5d]);
});

Deno.test("a frame above the limit is refused by its header alone", () => {
  const error = failure(new Uint8Array([0x7f, 0xff, 0xff, 0xff]));
  assertEquals(error.code, "FRAME_TOO_LARGE");
  assertEquals(error.details, {
    byteCount: 0x7fffffff,
    byteCountMax: LIMIT_BYTES,
  });
});

Deno.test("a length above 2 GiB is not read as a negative one", () => {
  assertEquals(
    failure(new Uint8Array([0xff, 0xff, 0xff, 0xff])).code,
    "FRAME_TOO_LARGE",
  );
});

Deno.test("a frame as long as the limit passes, one byte more does not", () => {
  const decoder = new FrameDecoder(4, () => true);
  decoder.push(encode("1234"));
  assertEquals(failure(encode("12345"), 4).code, "FRAME_TOO_LARGE");
});

Deno.test("an empty frame breaks the protocol", () => {
  assertEquals(failure(new Uint8Array(4)).code, "PROTOCOL_VIOLATION");
});

Deno.test("bytes that are not UTF-8 break the protocol", () => {
  assertEquals(
    failure(new Uint8Array([0, 0, 0, 2, 0xc3, 0x28])).code,
    "PROTOCOL_VIOLATION",
  );
});

Deno.test("a claimed length alone costs no memory", () => {
  const decoder = new FrameDecoder(16 * 1024 * 1024, () => true);
  decoder.push(new Uint8Array([0, 0xff, 0, 0, 1, 2, 3]));
  assertEquals(decoder.keptBytes, 7);
});

Deno.test("frames behind a held one wait until resume, in order", () => {
  const texts: string[] = [];
  const decoder = new FrameDecoder(LIMIT_BYTES, (text) => {
    texts.push(text);
    return text !== "2";
  });
  decoder.push(encode("1", "2", "3"));
  decoder.push(encode("4"));
  assertEquals([texts.join(), decoder.isHeld], ["1,2", true]);
  decoder.resume();
  assertEquals([texts.join(), decoder.isHeld], ["1,2,3,4", false]);
});

Deno.test("what a writer gave away is not written to again", () => {
  const writer = new FrameWriter();
  writer.add("1");
  const first = writer.take();
  const copy = [...first];
  for (let count = 0; count < 100_000; count++) {
    writer.add(`"${count}"`);
    if (count % 100 === 0) writer.take();
  }
  assertEquals([...first], copy);
});

Deno.test("memory that was given back is written to again", () => {
  const writer = new FrameWriter(1024);
  const memory = new Set<ArrayBufferLike>();
  for (let count = 0; count < 1000; count++) {
    writer.add(`"${"x".repeat(100)}"`);
    const loan = writer.lend();
    memory.add(loan.bytes.buffer);
    writer.giveBack(loan);
  }
  assertEquals(memory.size, 1);
});

Deno.test("what one long frame needed is not kept", () => {
  const writer = new FrameWriter(1024);
  writer.add(`"${"x".repeat(5000)}"`);
  writer.giveBack(writer.lend());
  writer.add("1");
  assertEquals(writer.lend().bytes.buffer.byteLength, 1024);
});

Deno.test("what is lent does not change until it is given back", () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 0, max: 700 }) }),
    fc.record({ lend: fc.boolean() }),
    fc.record({ giveBack: fc.nat() }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const writer = new FrameWriter(1024);
    const lent: { loan: Loan; text: string }[] = [];
    let text = "";
    for (const step of steps) {
      if ("add" in step) {
        const added = `"${lent.length}${"x".repeat(step.add)}"`;
        writer.add(added);
        text += added;
      } else if ("lend" in step) {
        const loan = step.lend ? writer.lend() : writer.lendCopy();
        lent.push({ loan, text });
        text = "";
      } else if (lent.length > 0) {
        const [entry] = lent.splice(step.giveBack % lent.length, 1);
        if (entry !== undefined) writer.giveBack(entry.loan);
      }
      for (const { loan, text } of lent) assertEquals(read(loan), text);
    }
  }));
});

function read({ bytes }: Loan): string {
  let text = "";
  const decoder = new FrameDecoder(LIMIT_BYTES, (frame) => {
    text += frame;
    return true;
  });
  decoder.push(bytes);
  assertEquals(decoder.keptBytes, 0);
  return text;
}

Deno.test("decoders that are within a frame at once do not mix them up", () => {
  const frame = encode(`"${"x".repeat(9000)}"`);
  const ys = encode(`"${"y".repeat(9000)}"`);
  for (let round = 0; round < 3; round++) {
    const texts: string[] = [];
    const decoders = [0, 1].map(() =>
      new FrameDecoder(LIMIT_BYTES, (text) => texts.push(text) > 0)
    );
    for (let start = 0; start < frame.length; start += 3000) {
      decoders[0]?.push(frame.subarray(start, start + 3000));
      decoders[1]?.push(ys.subarray(start, start + 3000));
    }
    assertEquals(texts, [`"${"x".repeat(9000)}"`, `"${"y".repeat(9000)}"`]);
  }
});

Deno.test("arrays are written from their parts, wherever the memory ends", () => {
  const text = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 40 }),
    fc.record({
      unit: fc.constantFrom("x", "ü", "語", "😀"),
      count: fc.integer({ min: 0, max: 70_000 }),
    }).map(({ unit, count }) => unit.repeat(count)),
  );
  fc.assert(fc.property(
    fc.array(fc.array(text, { minLength: 1, maxLength: 4 }), { maxLength: 12 }),
    (arrays) => {
      const writer = new FrameWriter();
      const pieces: Uint8Array[] = [];
      for (const [index, texts] of arrays.entries()) {
        writer.addArray(texts.map((text) => JSON.stringify(text)));
        if (index % 3 === 0) pieces.push(writer.take());
      }
      pieces.push(writer.take());
      const received: unknown[] = [];
      const decoder = new FrameDecoder(LIMIT_BYTES, (frame) => {
        received.push(JSON.parse(frame));
        return true;
      });
      for (const piece of pieces) decoder.push(piece);
      assertEquals(received, arrays);
    },
  ));
});

Deno.test("a replacement character is as good as any other", () => {
  assertEquals(decodeCut(encode('"\uFFFD"', '"\uFEFF"'), [5]), [
    '"\uFFFD"',
    '"\uFEFF"',
  ]);
});
