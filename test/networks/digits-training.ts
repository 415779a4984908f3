// A few training steps on built-in digits, told as one digest of everything they leave behind.

import { createHash } from 'node:crypto';
import { generateDigits } from '../../lib/data/digits.ts';
import { runJob } from '../../lib/native/index.ts';
import { LayerNetwork } from '../../lib/networks/layer-network.ts';
import { avgPool2d, conv2d, dense, dropout, lif } from '../../lib/networks/layers.ts';

export interface DigitVariant {
  learning: 'rate' | 'bptt';
  precision: 'mixed' | 'float32';
}

export const digitVariants: DigitVariant[] = [
  { learning: 'rate', precision: 'mixed' },
  { learning: 'rate', precision: 'float32' },
  { learning: 'bptt', precision: 'mixed' },
  { learning: 'bptt', precision: 'float32' },
];

const samples = 40;
const batchSize = 18;
const steps = Math.ceil(samples / batchSize);

function digitNetwork({ learning, precision }: DigitVariant): LayerNetwork {
  return new LayerNetwork({
    inputShape: [1, 28, 28],
    timesteps: 6,
    seed: 5,
    precision,
    layers: [
      conv2d({ filters: 8, kernel: 5, stride: 2, neuron: lif() }),
      avgPool2d({ kernel: 2 }),
      dropout({ rate: 0.2 }),
      dense({ units: 96, updateEvery: 2, input: 'cumulative', inputGain: 0.3 }),
      dense({ units: 10 }),
    ],
    learning: { mode: learning },
  });
}

/** SHA-256 over the losses, the weights and the optimiser's state after an epoch. */
export async function trainOnDigits(variant: DigitVariant, threads: number): Promise<string> {
  const dataset = await generateDigits({ samples, seed: 3, threads });
  const { native } = digitNetwork(variant);
  const optimizer = {
    ...{ kind: 'adam' as const, momentum: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    ...{ weightDecay: 0, decayFactor: 1, clipNorm: 0 },
  };
  native.prepare({ batchSize, threads, optimizer });
  const result = await runJob(() =>
    native.trainEpoch({
      dataset: dataset.native,
      indices: Uint32Array.from({ length: samples }, (_, i) => i),
      seed: 9,
      epoch: 1,
      firstStep: 0,
      lastStep: steps,
      learningRates: new Float64Array(steps).fill(0.005),
      augmentation: { shift: 1, rotate: 8, elastic: 1, elasticSigma: 4 },
      metrics: { lossSum: 0, correct: 0, samples: 0 },
    }),
  );
  const digest = createHash('sha256').update(`${result.lossSum} ${result.correct} ${result.samples}`);
  for (const { name } of native.tensors()) {
    const values = native.readTensor(name);
    digest.update(name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return digest.digest('hex');
}
