// The receptive fields of neurons: the weights onto each of them, laid out as the image that they come from.

import { writeNpy } from '../data/npy.ts';
import { encodePng, tileFields } from '../data/png.ts';
import { invalid } from '../errors.ts';
import type { EventNetwork } from '../networks/event-network.ts';

export interface ReceptiveFields {
  /** [neurons, height, width]; 0 where there is no synapse. The channels of an image lie below each other. */
  values: Float32Array;
  shape: [neurons: number, height: number, width: number];
}

/**
 * The weights of `projection` for images of `shape`, [channels, height, width]. Throws ERR_SYNFIRE_INVALID_ARGUMENT
 * when the source has another number of neurons than an image has pixels.
 */
export function receptiveFields(
  network: EventNetwork,
  projection: string,
  [channels, height, width]: readonly [number, number, number],
): ReceptiveFields {
  const info = network.projections.find(({ name }) => name === projection);
  const sizes = new Map(network.populations.map(({ name, size }) => [name, size]));
  const pixels = channels * height * width;
  if (info === undefined || sizes.get(info.source) !== pixels) {
    throw refused(projection, `a projection from a population of ${pixels} neurons, one for each pixel`);
  }
  const neurons = sizes.get(info.target)!;
  const values = new Float32Array(neurons * pixels);
  const { sources, targets } = network.connections(projection);
  network.weights(projection).forEach((weight, synapse) => {
    values[targets[synapse]! * pixels + sources[synapse]!]! += weight;
  });
  return { values, shape: [neurons, channels * height, width] };
}

/** As an NPY file and as a PNG image of all fields in a grid, from black for 0 to white for the largest weight. */
export function encodeReceptiveFields({ values, shape }: ReceptiveFields): {
  npy: Uint8Array;
  png: Uint8Array;
} {
  const [, height, width] = shape;
  const largest = values.reduce((most, value) => Math.max(most, value), 0);
  return {
    npy: writeNpy(values, shape),
    png: encodePng(tileFields(values, { width, height, range: [0, largest] })),
  };
}

function refused(value: unknown, expected: string) {
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', 'projection', value, expected);
}
