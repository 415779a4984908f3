// Fuzz target: checkpoint files. Whatever a file holds, it becomes a network or is refused with a
// SynfireError.

import { buildNetwork } from '../../../lib/checkpoints/checkpoint.ts';
import { encodeMetadata, type TrainingState } from '../../../lib/checkpoints/metadata.ts';
import { encodeTensors, type Tensor } from '../../../lib/checkpoints/safetensors.ts';
import { TensorReader } from '../../../lib/checkpoints/tensor-file.ts';
import { bytesInMemory } from '../../checkpoints/memory.ts';
import { smallNetwork } from '../../training/small.ts';

export const safetensors = {
  name: 'safetensors',

  seeds(): Uint8Array[] {
    return [checkpoint(null), checkpoint(training), plainTensors()];
  },

  async run(bytes: Uint8Array): Promise<void> {
    const reader = await TensorReader.open(bytesInMemory(bytes));
    for (const [name, { byteLength }] of reader.tensors) await reader.read(name, new Uint8Array(byteLength));
    await buildNetwork(reader);
  },
};

const training: TrainingState = {
  settings: { 'training.batchSize': 16, 'data.name': null },
  ...{ epoch: 1, step: 3, optimizerStep: 20 },
  metrics: { lossSum: 2.5, correct: 7, samples: 48, seconds: 0.1 },
  history: [
    {
      ...{ epoch: 1, trainLoss: 1, trainAccuracy: 0.5, validationLoss: 0.9, validationAccuracy: 0.6 },
      ...{ learningRate: 0.01, seconds: 1, validationSeconds: 0.1, samplesPerSecond: 270, best: true },
    },
  ],
  best: { epoch: 1, monitor: 'validationAccuracy', value: 0.6 },
  earlyStopping: { reference: null, epochsWithoutImprovement: 0 },
};

function checkpoint(state: TrainingState | null): Uint8Array {
  const network = smallNetwork();
  const tensors = new Map(
    network.native.tensors().map(({ name, shape }): [string, Tensor] => {
      return [name, { type: 'F32', shape, data: network.native.readTensor(name) }];
    }),
  );
  const metadata = encodeMetadata({ network: network.config, training: state });
  return Buffer.concat([...encodeTensors({ tensors, metadata })]);
}

function plainTensors(): Uint8Array {
  const tensors = new Map<string, Tensor>([
    ['a', { type: 'F64', shape: [2], data: Float64Array.of(1, 2) }],
    ['b', { type: 'U8', shape: [3, 1], data: Uint8Array.of(1, 2, 3) }],
    ['c', { type: 'I32', shape: [], data: Int32Array.of(4) }],
  ]);
  return Buffer.concat([...encodeTensors({ tensors, metadata: new Map([['note', 'x']]) })]);
}
