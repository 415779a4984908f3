// Fuzz target: checkpoints of spatial networks. Whatever a file holds, it becomes a network that answers, learns and
// grows, or is refused with a SynfireError.
import { buildSpatialNetwork, encodeSpatialCheckpoint } from '../../../lib/checkpoints/spatial-checkpoint.ts';
import type { SpatialTrainingState } from '../../../lib/checkpoints/spatial-metadata.ts';
import { TensorReader } from '../../../lib/checkpoints/tensor-file.ts';
import { bytesInMemory } from '../../checkpoints/memory.ts';
import { identityNetwork, learnIdentity, randomValues } from '../../networks/small-spatial.ts';

const training: SpatialTrainingState = {
  settings: { 'training.batchSize': 16, 'data.name': null },
  ...{ shape: [1, 2, 2], classes: 0, data: 'identity', epoch: 1 },
  metrics: { batches: 1, samples: 16, lossSum: 0.5, correct: 0, grown: 2, pruned: null, seconds: 0.1 },
  history: [
    {
      ...{ epoch: 1, batches: 5, trainLoss: 0.1, trainAccuracy: null, validationLoss: 0.1 },
      ...{ validationAccuracy: null, neurons: 20, grown: 0, pruned: 0, seconds: 1, samplesPerSecond: 80 },
      ...{ validationSeconds: 0.1, best: true },
    },
  ],
  best: { epoch: 1, monitor: 'validationLoss', value: 0.1 },
};

export const spatialCheckpoint = {
  name: 'spatial-checkpoint',

  async seeds(): Promise<Uint8Array[]> {
    return [await started(false), await started(true)];
  },

  async run(bytes: Uint8Array): Promise<void> {
    const reader = await TensorReader.open(bytesInMemory(bytes));
    const { network } = await buildSpatialNetwork(reader, { threads: 1, maxMemoryBytes: 2 ** 25 });
    const [inputs, targets] = [randomValues(2 * network.inputs, 1), randomValues(2 * network.outputs, 2)];
    await network.train(inputs, targets, { keepState: true });
    await network.grow();
    network.forward(inputs.subarray(0, network.inputs));
    network.neurons(0);
  },
};

/** A small network that has grown: alone, or in training with residuals and a temporal state. */
async function started(trained: boolean): Promise<Uint8Array> {
  const own = trained ? ({ rounding: 'residual', temporalDecay: 0.5 } as const) : {};
  const network = identityNetwork({ capacity: 40, threads: 1, ...own });
  await learnIdentity(network, 60);
  await network.grow();
  return Buffer.concat([...(await encodeSpatialCheckpoint(network, trained ? training : null))]);
}
