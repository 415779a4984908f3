// Fuzz target: checkpoints of event networks. Whatever a file holds, it becomes a network that runs or is refused
// with a SynfireError.
import { buildEventNetwork, encodeEventCheckpoint } from '../../../lib/checkpoints/event-checkpoint.ts';
import type { EventTrainingState } from '../../../lib/checkpoints/event-metadata.ts';
import { TensorReader } from '../../../lib/checkpoints/tensor-file.ts';
import { EventNetwork, type EventNetworkOptions } from '../../../lib/networks/event-network.ts';
import { presets } from '../../../lib/networks/presets.ts';
import { bytesInMemory } from '../../checkpoints/memory.ts';

export const eventCheckpoint = {
  name: 'event-checkpoint',

  seeds(): Uint8Array[] {
    return [started(false), started(true)];
  },

  async run(bytes: Uint8Array): Promise<void> {
    const reader = await TensorReader.open(bytesInMemory(bytes));
    const { network } = await buildEventNetwork(reader, { threads: 1, maxMemoryBytes: 2 ** 25 });
    await network.run(5 * network.options.dtMs);
  },
};

const training: EventTrainingState = {
  settings: { 'training.batchSize': 2, 'data.name': null },
  protocol: {
    ...{ kind: 'images', source: 'input', output: 'excitatory' },
    ...{ showMs: 350, restMs: 150, intensity: 2, minSpikes: 5 },
  },
  labels: { images: 100, vote: 'all' },
  ...{ shape: [1, 2, 3], classes: 2, data: 'digits', images: 7 },
  activity: { images: 1, spikes: 6, attempts: 1, synapticEvents: 500, seconds: 0.1, mergeSeconds: 0.01 },
  history: [
    {
      ...{
        round: 1,
        images: 6,
        epochs: 0.5,
        validationAccuracy: 0.5,
        spikesPerImage: 6,
        attemptsPerImage: 1,
      },
      ...{ seconds: 1, mergeShare: 0.1, imagesPerSecond: 6, evaluationSeconds: 1, best: true },
    },
  ],
  best: { round: 1, validationAccuracy: 0.5 },
};

/** A small network on its way, alone or in training. */
function started(trained: boolean): Uint8Array {
  const network = new EventNetwork(trained ? diehlCook() : mixed);
  if (!trained) network.addSpikes('list', { timesMs: [1, 2], neurons: [0, 1] });
  const responses = trained ? Float64Array.from({ length: 8 }, (_, index) => index) : null;
  return Buffer.concat([...encodeEventCheckpoint(network, trained ? { state: training, responses } : null)]);
}

function diehlCook() {
  return presets.diehlCook({ neurons: 4, inputs: 6, delayMs: [0, 10] });
}

const mixed: EventNetworkOptions = {
  populations: {
    list: { size: 2, source: 'list' },
    neurons: { size: 3, model: 'lif' },
  },
  projections: [
    {
      ...{ source: 'list', target: 'neurons', plasticity: { rule: 'pair' } },
      connect: { matrix: [1, Number.NaN, 2, 3, 4, 5] },
    },
    { source: 'neurons', target: 'neurons', connect: { sources: [0, 1, 2], targets: [2, 2, 0] } },
  ],
};
