import { assert, assertEquals, assertThrows } from "@std/assert";
import { DistflowError } from "../../src/base/errors.ts";
import {
  decodeRecords,
  encodeRecord,
  RECORD_SIZE_MAX,
} from "../../src/store/record_file.ts";

const bytes = (...values: number[]) => new Uint8Array(values);

const RECORDS = [bytes(1, 2, 3), bytes(), bytes(0, 0, 0, 0), bytes(4)];

/** The records as a file, and where each begins and the last one ends. */
function write(
  records: readonly Uint8Array[],
): { file: Uint8Array; bounds: number[] } {
  const encoded = records.map(encodeRecord);
  const bounds = [0];
  for (const { length } of encoded) bounds.push((bounds.at(-1) ?? 0) + length);
  return { file: bytes(...encoded.flatMap((each) => [...each])), bounds };
}

Deno.test("records that were cut anywhere give those that are whole", () => {
  const { file, bounds } = write(RECORDS);
  for (let size = 0; size <= file.length; size++) {
    const count = bounds.filter((bound) => bound <= size).length - 1;
    assertEquals(decodeRecords(file.subarray(0, size), "f"), {
      records: RECORDS.slice(0, count),
      end: bounds[count] as number,
    });
  }
});

Deno.test("an altered bit of any record but the last is an error that tells where", () => {
  const { file, bounds } = write(RECORDS);
  for (let bit = 0; bit < (bounds.at(-2) as number) * 8; bit++) {
    const altered = file.slice();
    altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7));
    const error = assertThrows(
      () => decodeRecords(altered, "/d/a.messages"),
      DistflowError,
    );
    assertEquals(error.code, "CORRUPT_DATA");
    const offset = bounds.findLast((bound) => bound <= bit >> 3) as number;
    assertEquals(error.details, { path: "/d/a.messages", offset });
    assert(error.message.includes(`"/d/a.messages"`), error.message);
    assert(error.message.includes(`byte ${offset} `), error.message);
  }
});

Deno.test("an altered last record is a torn end, or an error if its length is in doubt", () => {
  const { file, bounds } = write([bytes(1), bytes(2, 3)]);
  const [, last = 0] = bounds;
  for (let at = last; at < file.length; at++) {
    const altered = file.slice();
    altered[at] = (altered[at] as number) ^ 1;
    if (at < last + 12) {
      assertThrows(() => decodeRecords(altered, "f"), DistflowError);
    } else {
      assertEquals(decodeRecords(altered, "f"), {
        records: [bytes(1)],
        end: last,
      });
    }
  }
});

Deno.test("a record above the limit is refused", () => {
  const record = Object.create(Uint8Array.prototype, {
    length: { value: RECORD_SIZE_MAX + 1 },
  });
  const error = assertThrows(() => encodeRecord(record), DistflowError);
  assertEquals(error.code, "LIMIT_REACHED");
});

Deno.test("zeros behind the last record are a torn end and no records", () => {
  const { file, bounds } = write(RECORDS);
  const expected = { records: RECORDS, end: file.length };
  for (let zeroCount = 0; zeroCount < 40; zeroCount++) {
    const longer = bytes(...file, ...new Uint8Array(zeroCount));
    assertEquals(decodeRecords(longer, "f"), expected);
    assertEquals(decodeRecords(new Uint8Array(zeroCount), "f"), {
      records: [],
      end: 0,
    });
  }
  // The disk may have the size of a file before it has its bytes.
  const last = bounds.at(-2) as number;
  for (let size = last; size < file.length; size++) {
    assertEquals(
      decodeRecords(bytes(...file.subarray(0, size), ...Array(60).fill(0)), "f")
        .records,
      RECORDS.slice(0, -1),
      String(size),
    );
  }
});

Deno.test("zeros before other bytes are an error", () => {
  const { file } = write(RECORDS);
  const hole = bytes(...file, ...new Uint8Array(512), ...file);
  const error = assertThrows(() => decodeRecords(hole, "f"), DistflowError);
  assertEquals(error.details, { path: "f", offset: file.length });
});
