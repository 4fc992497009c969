// What @std/cli does, with the tables of another package: npm's copy lacks the
// file that holds its own. See parse_args.ts.
import { eastAsianWidth } from "npm:get-east-asian-width@1.7.0";

/** Marks, joiners and control characters, which take no column. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}\u1160-\u11ff]$/u;

/** How many columns of a terminal `text` takes. */
export function unicodeWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point >= 0x20 && point < 0x7f) width++;
    else if (!ZERO_WIDTH.test(character)) width += eastAsianWidth(point);
  }
  return width;
}
