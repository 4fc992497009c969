const ELLIPSIS = "…";

/** Halves of full-width letters are the narrow exceptions of their scripts. */
const NARROW = /^[\uff61-\uffdc\uffe8-\uffee]/u;

/** Ideographs, syllables, full-width forms and emoji. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\p{Emoji_Presentation}\p{Regional_Indicator}\u3000-\u303e\u3200-\u33ff\ufe0f\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]/u;

/** Marks and joiners that stand alone. */
const EMPTY = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u;

/**
 * How many columns of a terminal `text` takes.
 *
 * Asks the runtime what a letter is and which script it is of, so there is no
 * table to keep up to date. (`unicodeWidth` of `@std/cli` brings one, counts
 * each part of a joined emoji, and its data is not in the copy that npm has.)
 * Costs a step for each letter, and one in all for plain ASCII.
 */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of letters(text)) width += letterWidth(segment);
  return width;
}

/** As much of `text` as fits into `width` columns; `…` stands for the rest. */
export function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  let left = width - ELLIPSIS.length;
  for (const { segment } of letters(text)) {
    left -= letterWidth(segment);
    if (left < 0) break;
    kept += segment;
  }
  return kept + ELLIPSIS;
}

/** A letter comes with the accents and joiners that belong to it. */
function letters(text: string): Iterable<{ readonly segment: string }> {
  return new Intl.Segmenter("en", { granularity: "grapheme" }).segment(text);
}

function letterWidth(letter: string): number {
  if (EMPTY.test(letter)) return 0;
  return WIDE.test(letter) && !NARROW.test(letter) ? 2 : 1;
}
