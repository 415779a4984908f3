// Operation reports: means per sample, ratios and the energy model.
import test from 'ava';
import { reportOperations } from '../../lib/monitoring/energy.ts';
import type { Evaluation } from '../../lib/networks/layer-network.ts';

const evaluation: Evaluation = {
  ...{ accuracy: 1, loss: 0, samples: 10, seconds: 1, predictions: new Int32Array(10), confusion: [] },
  layers: [
    { name: 'a', spikes: 200, neuronSteps: 1000, synapticOperations: 4000, denseMacs: 8000 },
    { name: 'b', spikes: 0, neuronSteps: 0, synapticOperations: 1000, denseMacs: 2000 },
  ],
};

test('counts are given per sample, spikes also as a rate', (t) => {
  const report = reportOperations(evaluation, false);
  t.deepEqual(report.layers, [
    { name: 'a', spikeRate: 0.2, spikes: 20, synapticOperations: 400, denseMacs: 800, neuronUpdates: 100 },
    { name: 'b', spikeRate: null, spikes: 0, synapticOperations: 100, denseMacs: 200, neuronUpdates: 0 },
  ]);
  t.like(report, { synapticOperations: 500, denseMacs: 1000, neuronUpdates: 100, operationAdvantage: 2 });
});

test('the energy model adds an addition for each operation and a MAC for each update of a neuron', (t) => {
  const { energy } = reportOperations(evaluation, false);
  near(t, energy.denseNanojoules, 4.6);
  near(t, energy.spikingNanojoules, 0.5 * 0.9 + 0.1 * 4.6);
  near(t, energy.advantage, 4.6 / (0.5 * 0.9 + 0.1 * 4.6));
});

test('a first layer that reads numbers multiplies', (t) => {
  const { energy } = reportOperations(evaluation, true);
  near(t, energy.spikingNanojoules, 0.1 * 0.9 + (0.1 + 0.4) * 4.6);
});

function near(t: { true(value: boolean, message?: string): void }, actual: number, expected: number): void {
  t.true(Math.abs(actual - expected) < 1e-12, `${actual} instead of ${expected}`);
}
