import { assertEquals } from "@std/assert";
import { formatDuration } from "../../src/cli/duration.ts";

Deno.test("a duration is told in its two largest units", () => {
  const second = 1000, minute = 60 * second, hour = 60 * minute;
  const day = 24 * hour;
  const texts: [number, string][] = [
    [0, "0s"],
    [999, "0s"],
    [3 * second, "3s"],
    [59 * second + 999, "59s"],
    [minute, "1m"],
    [2 * minute + 5 * second, "2m 5s"],
    [4 * hour + 12 * minute + 59 * second, "4h 12m"],
    [hour + 5 * second, "1h"],
    [3 * day, "3d"],
    [3 * day + 4 * hour, "3d 4h"],
    [3 * day + 59 * minute, "3d"],
    [400 * day, "400d"],
    [-5, "0s"],
  ];
  for (const [spanMs, text] of texts) {
    assertEquals(formatDuration(spanMs), text);
  }
});
