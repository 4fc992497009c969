/** How a piece of text is shown on a terminal. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow";

/** Adds the codes of a style to a text, or leaves it as it is. */
export type Painter = (style: Style, text: string) => string;

const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

/** For output that no terminal shows, or whose reader wants no colours. */
export const plainPainter: Painter = (_style, text) => text;

/** For a terminal: ECMA-48 "select graphic rendition". */
export const colorPainter: Painter = (style, text) => {
  const [on, off] = CODES[style];
  return text === "" ? text : `\u001b[${on}m${text}\u001b[${off}m`;
};
