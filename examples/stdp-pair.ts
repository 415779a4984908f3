// The STDP window from code: sixty pairs of spikes for every time between them, one pair a second.
import { EventNetwork } from 'synfire';

const pairs = 60;
const delayMs = 1;
const differencesMs = Array.from({ length: 41 }, (_, index) => 2 * index - 40);
const size = differencesMs.length;

const network = new EventNetwork({
  precision: 'float64',
  populations: {
    pre: { size, source: 'list' },
    electrode: { size, source: 'list' },
    post: { size, model: 'lif' },
  },
  projections: [
    { source: 'electrode', target: 'post', connect: 'one-to-one', weight: 100, delayMs },
    {
      name: 'pairs',
      ...{ source: 'pre', target: 'post', connect: 'one-to-one', weight: 0.5, gain: 0, delayMs },
      plasticity: { rule: 'pair', learningRate: 0.01, aPlus: 0.1, aMinus: 0.105 },
    },
  ],
});

for (let pair = 0; pair < pairs; pair++) {
  const timeMs = 1000 * pair + 500;
  network.addSpikes(
    'pre',
    everyNeuron(() => timeMs),
  );
  network.addSpikes(
    'electrode',
    everyNeuron((neuron) => timeMs + differencesMs[neuron]!),
  );
}
await network.run(1000 * pairs);

network.weights('pairs').forEach((weight, neuron) => {
  const change = (weight - 0.5) / 0.5;
  const bar = '#'.repeat(Math.round(400 * Math.abs(change)));
  console.log(
    `${String(differencesMs[neuron]).padStart(4)} ms  ${(100 * change).toFixed(2).padStart(6)} %  ${bar}`,
  );
});

/** One spike of every neuron, in the order of their times. */
function everyNeuron(timeOf: (neuron: number) => number): { timesMs: number[]; neurons: number[] } {
  const neurons = Array.from({ length: size }, (_, neuron) => neuron);
  return { timesMs: neurons.map(timeOf), neurons };
}
