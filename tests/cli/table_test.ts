import { assertEquals } from "@std/assert";
import { colorPainter } from "../../src/cli/style.ts";
import {
  type Column,
  droppedColumns,
  renderRows,
  renderTable,
} from "../../src/cli/table.ts";
import { displayWidth, truncate } from "../../src/cli/width.ts";

const COLUMNS: readonly Column[] = [
  { header: "NAME", widthMin: 4 },
  { header: "WHERE", widthMin: 6 },
  { header: "PID", isRight: true },
];

function cells(...texts: string[]) {
  return texts.map((text) => ({ text }));
}

Deno.test("columns are as wide as their widest value", () => {
  assertEquals(
    renderTable(COLUMNS, [
      cells("a", "127.0.0.1:1", "7"),
      cells("worker", "h:2", "12345"),
    ]),
    [
      "NAME    WHERE          PID",
      "a       127.0.0.1:1      7",
      "worker  h:2          12345",
    ],
  );
});

Deno.test("a table without rows has its header", () => {
  assertEquals(renderTable(COLUMNS, []), ["NAME  WHERE  PID"]);
});

Deno.test("no line ends with spaces", () => {
  const columns = [{ header: "A" }, { header: "LONG" }];
  assertEquals(renderTable(columns, [cells("x", "y"), cells("x", "")]), [
    "A  LONG",
    "x  y",
    "x",
  ]);
});

Deno.test("rows without a header are aligned, too", () => {
  assertEquals(renderRows([{}, {}], [cells("PID", "1"), cells("NODES", "2")]), [
    "PID    1",
    "NODES  2",
  ]);
});

Deno.test("values are measured as a terminal shows them", () => {
  assertEquals(
    renderTable(COLUMNS, [
      cells("天地", "x", "1"),
      cells("e\u0301te\u0301", "y", "2"),
      cells("👨‍👩‍👧", "z", "3"),
    ]),
    [
      "NAME  WHERE  PID",
      "天地  x        1",
      "e\u0301te\u0301   y        2",
      "👨‍👩‍👧    z        3",
    ],
  );
});

Deno.test("control characters are shown, not obeyed", () => {
  const [, row] = renderTable(COLUMNS, [
    cells("a\nb", "\u001b[31mred", "\u202e1"),
  ]);
  assertEquals(row, "a\\nb  \\u001b[31mred  \\u202e1");
});

Deno.test("the widest columns are cut first, down to their least width", () => {
  const rows = [cells("a-long-name", "a-longer-address", "12345")];
  const at = (width: number) => renderTable(COLUMNS, rows, { width })[1];
  assertEquals(at(36), "a-long-name  a-longer-address  12345");
  assertEquals(at(35), "a-long-name  a-longer-addre…  12345");
  assertEquals(at(31), "a-long-name  a-longer-a…  12345");
  assertEquals(at(25), "a-long-…  a-longe…  12345");
  for (let width = 19; width <= 36; width++) {
    assertEquals(at(width)?.length, width);
  }
  // Below, the line is longer than the terminal is wide, and it wraps.
  assertEquals(at(5), "a-l…  a-lon…  12345");
});

Deno.test("columns are left out where even their least width is too much", () => {
  const columns: readonly Column[] = [
    { header: "NAME", widthMin: 4 },
    { header: "KIND", dropRank: 1 },
    { header: "PID", isRight: true, dropRank: 2 },
  ];
  const rows = [cells("a-long-name", "x", "12345"), cells("b", "a-kind", "7")];
  const at = (width: number) => [
    droppedColumns(columns, rows, width),
    renderTable(columns, rows, { width }),
  ];
  assertEquals(at(19), [[], [
    "NAME  KIND      PID",
    "a-l…  x       12345",
    "b     a-kind      7",
  ]]);
  assertEquals(at(18), [["KIND"], [
    "NAME           PID",
    "a-long-name  12345",
    "b                7",
  ]]);
  assertEquals(at(10), [["KIND", "PID"], ["NAME", "a-long-na…", "b"]]);
});

Deno.test("colours do not change the widths", () => {
  const rows = [[{ text: "a", style: "green" as const }, ...cells("b", "c")]];
  const plain = renderTable(COLUMNS, rows);
  const colored = renderTable(COLUMNS, rows, { paint: colorPainter });
  assertEquals(colored[1], "\u001b[32ma\u001b[39m     b        c");
  assertEquals(
    // deno-lint-ignore no-control-regex
    colored.map((line) => line.replace(/\u001b\[\d+m/g, "")),
    plain,
  );
});

Deno.test("widths of letters", () => {
  const widths: [string, number][] = [
    ["", 0],
    ["plain text", 10],
    ["äöü", 3],
    ["天地玄黃", 8],
    ["ｆｕｌｌ", 8],
    ["ｱｲｳ", 3],
    ["한국어", 6],
    ["ひらがな", 8],
    ["e\u0301", 1],
    ["\u200b", 0],
    ["🇩🇪", 2],
    ["❤️", 2],
    ["👩🏽‍🚀", 2],
    ["…—①", 3],
  ];
  for (const [text, width] of widths) {
    assertEquals(displayWidth(text), width, text);
  }
});

Deno.test("truncating keeps letters whole and fits", () => {
  assertEquals(truncate("worker", 6), "worker");
  assertEquals(truncate("worker", 5), "work…");
  assertEquals(truncate("worker", 1), "…");
  assertEquals(truncate("天地玄黃", 7), "天地玄…");
  assertEquals(truncate("天地玄黃", 6), "天地…");
  assertEquals(truncate("e\u0301e\u0301e\u0301", 2), "e\u0301…");
  assertEquals(truncate("👨‍👩‍👧👨‍👩‍👧", 3), "👨‍👩‍👧…");
});
