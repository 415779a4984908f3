// A network and data that train in milliseconds, for tests.
import { Dataset } from '../../lib/data/dataset.ts';
import { LayerNetwork } from '../../lib/networks/layer-network.ts';
import { conv2d, dense, lif } from '../../lib/networks/layers.ts';

export const classes = 3;
const side = 6;

/** Images with a bright row whose place tells the class, in noise. */
export function smallData(samples: number, seed = 1): Dataset {
  const random = generator(seed);
  const labels = Int32Array.from({ length: samples }, () => Math.floor(classes * random()));
  const pixels = new Uint8Array(samples * side * side).map((_, at) => {
    const row = Math.floor((at % (side * side)) / side);
    const bright = row === 2 * labels[Math.floor(at / (side * side))]!;
    return 255 * Math.min(1, 0.4 * random() + (bright ? 0.5 : 0));
  });
  return Dataset.fromArrays({ samples: pixels, labels, classes, shape: [1, side, side] });
}

export function smallNetwork(learning: 'rate' | 'bptt' = 'bptt', seed = 3): LayerNetwork {
  return new LayerNetwork({
    inputShape: [1, side, side],
    timesteps: 4,
    seed,
    layers: [
      conv2d({ filters: 4, kernel: 3, neuron: lif() }),
      dense({ units: 16, neuron: lif() }),
      dense({ units: classes }),
    ],
    learning: { mode: learning },
  });
}

/** The bits of all parameters. */
export function bits(network: LayerNetwork): string {
  return network
    .parameters()
    .map(({ name }) => Buffer.from(network.get(name).buffer).toString('base64'))
    .join();
}

/** Numbers from 0 to 1: a linear congruential generator. */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
