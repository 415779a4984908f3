// Spatial networks that learn in a second, for tests, and names for all that they have learned.
import { createHash } from 'node:crypto';
import { SpatialNetwork, type SpatialNetworkOptions } from '../../lib/networks/spatial-network.ts';
import { generator } from '../training/small.ts';

/** Repeats four numbers; memories are so small that they fill up. */
export function identityNetwork(options: SpatialNetworkOptions = {}): SpatialNetwork {
  return new SpatialNetwork([4, 16, 4], { seed: 5, ...options });
}

/** Three layers of several hundred neurons, of every sort of window. */
export function largerNetwork(options: SpatialNetworkOptions = {}): SpatialNetwork {
  const grids = [[12, 10, 1], [9, 8, 4], [4, 4, 2], 5] as const;
  return new SpatialNetwork(grids, { seed: 5, capacity: 128, reach: [[2, 1, 0], 1, [3, 3, 1]], ...options });
}

/** Numbers from `low` to `high`. */
export function randomValues(count: number, seed: number, low = 0, high = 1): Float32Array {
  const random = generator(seed);
  return Float32Array.from({ length: count }, () => low + (high - low) * random());
}

/** Learns to repeat random vectors, batches of 16; gives back the losses. */
export async function learnIdentity(
  network: SpatialNetwork,
  batches: number,
  seed = 1,
): Promise<Float32Array> {
  const inputs = randomValues(batches * 16 * network.inputs, seed);
  return (await network.train(inputs, inputs)).losses;
}

/** Mean squared error for random vectors that were not learned. */
export async function identityLoss(network: SpatialNetwork): Promise<number> {
  const inputs = randomValues(500 * network.inputs, 99);
  const outputs = await network.predict(inputs);
  return mean(outputs.map((output, index) => (output - inputs[index]!) ** 2));
}

export function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

/** A name for every bit of a network's state. */
export async function stateDigest(network: SpatialNetwork): Promise<string> {
  const hash = createHash('sha256');
  const state = await network.exportState();
  for (const name of Object.keys(state).sort()) {
    const { shape, data } = state[name]!;
    hash.update(`${name} ${shape}`).update(data);
  }
  return hash.digest('hex');
}
