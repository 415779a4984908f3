// The functions that neurons of spatial networks answer with, and which of them suits which pattern by default.

/** In the order of their numbers in the engine; all are 0 at 0. */
export const activationNames = [
  ...(['identity', 'relu', 'leaky-relu', 'elu', 'selu', 'relu6'] as const),
  ...(['tanh', 'softsign', 'silu', 'gelu', 'sine', 'hard-tanh'] as const),
] as const;

export type ActivationName = (typeof activationNames)[number];

/** Rows and columns of a map of patterns. */
export const mapSide = 8;

/** From the darkest patterns to the brightest: functions that saturate on both sides first, then those that let
 * large values pass, then those that cut off what is below 0. */
const fromDarkToBright: readonly ActivationName[] = [
  ...(['tanh', 'softsign', 'hard-tanh', 'sine', 'identity', 'elu'] as const),
  ...(['selu', 'leaky-relu', 'gelu', 'silu', 'relu', 'relu6'] as const),
];

/**
 * The number of the function for patterns of a row, the level of the window's middle value, and a column, that of its
 * mean. Patterns that are alike have functions that are alike.
 */
export function defaultActivation(row: number, column: number): number {
  const brightness = (row + column) / (2 * (mapSide - 1));
  const place = Math.floor(brightness * (fromDarkToBright.length - 1));
  return activationNames.indexOf(fromDarkToBright[place]!);
}
