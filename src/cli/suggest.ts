/**
 * The one of `candidates` that `word` was most likely meant to be, or undefined
 * if none is near: a third of the letters may be wrong.
 *
 * Costs the product of the lengths; words longer than 40 are near nothing.
 */
export function suggest(
  word: string,
  candidates: readonly string[],
): string | undefined {
  if (word.length > 40) return undefined;
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate);
    const limit = Math.max(1, Math.floor(candidate.length / 3));
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * How many letters to insert, delete, replace or swap with their neighbour
 * until `from` is `to` (the restricted Damerau-Levenshtein distance).
 */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      let distance = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
      );
      const isSwap = row > 1 && column > 1 &&
        from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (isSwap) distance = Math.min(distance, at(beforeLast, column - 2) + 1);
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}

/** The question behind an error: empty if nothing is near. */
export function didYouMean(
  word: string,
  candidates: readonly string[],
): string {
  const found = suggest(word, candidates);
  return found === undefined ? "" : `. Did you mean "${found}"?`;
}
