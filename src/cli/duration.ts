const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
];

/**
 * A time span as people read it, in its two largest units: `3s`, `2m 5s`,
 * `4h 12m`, `3d`. What is left of a second is not told, and a negative span,
 * as of clocks that disagree, is `0s`.
 */
export function formatDuration(spanMs: number): string {
  const seconds = Math.max(0, Math.floor(spanMs / 1000));
  const first = UNITS.findIndex(([, length]) => seconds >= length);
  if (first < 0) return "0s";
  let rest = seconds;
  const parts: string[] = [];
  for (const [name, length] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count}${name}`);
  }
  return parts.join(" ");
}
