// Finds the word that somebody probably meant, for "did you mean" hints.

/** The closest of `words` to `word`, or undefined when none is close enough to be a slip of the keyboard. */
export function closest(word: string, words: Iterable<string>): string | undefined {
  const wanted = word.slice(0, longestWord).toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of words) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `one of "a", "b"`, with a hint when `value` is nearly one of them. */
export function oneOf(words: readonly string[], value: unknown): string {
  const list = words.map((word) => JSON.stringify(word)).join(', ');
  const hint = typeof value === 'string' ? closest(value, words) : undefined;
  return `one of ${list}${hint === undefined ? '' : ` (did you mean ${JSON.stringify(hint)}?)`}`;
}

const longestWord = 64;

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(beforeLast, j - 2) + 1 : Infinity;
      row.push(Math.min(replaced, swapped, at(last, j) + 1, at(row, j - 1) + 1));
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
