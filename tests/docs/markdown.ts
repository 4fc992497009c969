/** A fenced block of code. */
export interface CodeBlock {
  /** What follows the opening fence. */
  readonly language: string;
  readonly text: string;
}

/** All fenced blocks of a page, in order. */
export function codeBlocks(page: string): CodeBlock[] {
  return [...page.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)]
    .map(([, language = "", text = ""]) => ({ language, text }));
}

/** The cells of the table whose first heading is `heading`, without its head. */
export function tableRows(page: string, heading: string): string[][] {
  const lines = page.split("\n");
  const head = lines.findIndex((line) => cellsOf(line)[0] === heading);
  if (head < 0) throw new Error(`There is no table that begins: ${heading}`);
  const rest = lines.slice(head + 2);
  const end = rest.findIndex((line) => !line.startsWith("|"));
  return rest.slice(0, end < 0 ? undefined : end).map(cellsOf);
}

/** A bar within a cell stands behind a backslash. */
function cellsOf(line: string): string[] {
  return line.split(/(?<!\\)\|/).slice(1, -1)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** The page without its code blocks, each run of white space a single space. */
export function proseOf(page: string): string {
  return page.replace(/^```[\s\S]*?^```$/gm, "").replace(/\s+/g, " ");
}

/** Where links of the page lead that name no host. */
export function localLinks(page: string): string[] {
  return [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, link = ""]) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

/** How a forge calls the headings of a page in links. */
export function anchorsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")
  );
}
