// From scores to classes, and from classes to who was taken for whom.

/** The position of the largest value in every row; the first one when there are several. */
export function largest(scores: Float32Array | Float64Array, columns: number): Int32Array {
  const classes = new Int32Array(scores.length / columns);
  for (let row = 0; row < classes.length; row++) {
    let best = row * columns;
    for (let i = best + 1; i < (row + 1) * columns; i++) if (scores[i]! > scores[best]!) best = i;
    classes[row] = best - row * columns;
  }
  return classes;
}

/** Samples by their class (row) and the class chosen (column); `predictions` are those of `indices`. */
export function confusionOf(
  labels: Int32Array,
  indices: Uint32Array,
  predictions: Int32Array,
  classes: number,
): number[][] {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  indices.forEach((sample, position) => {
    confusion[labels[sample]!]![predictions[position]!]!++;
  });
  return confusion;
}
