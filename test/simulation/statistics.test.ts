import test from 'ava';
import { StatisticsCollector } from '../../lib/simulation/statistics.ts';

const collector = (fromMs = 0) => new StatisticsCollector({ population: 'cells', neurons: 3, fromMs });

function add(statistics: StatisticsCollector, spikes: [timeMs: number, neuron: number][]): void {
  statistics.add(
    Float64Array.from(spikes, ([timeMs]) => timeMs),
    Uint32Array.from(spikes, ([, neuron]) => neuron),
  );
}

test('rates are spikes over neurons and seconds', (t) => {
  const statistics = collector();
  add(statistics, [
    [10, 0],
    [20, 0],
    [20, 2],
  ]);
  t.deepEqual(statistics.summary(500), {
    population: 'cells',
    neurons: 3,
    spikes: 3,
    rateHz: 2,
    active: 2,
    cv: null,
  });
});

test('spikes of the transient are left out, and so is its time', (t) => {
  const statistics = collector(100);
  add(statistics, [
    [50, 0],
    [100, 1],
    [100.1, 0],
  ]);
  t.like(statistics.summary(200), { spikes: 1, active: 1 });
  t.true(Math.abs(statistics.summary(200).rateHz! - 10 / 3) < 1e-12);
  t.is(statistics.summary(100).rateHz, null);
});

test('the variation of intervals is that of every neuron, averaged over neurons', (t) => {
  const statistics = collector();
  // Intervals of neuron 0: 10, 10, 10. Of neuron 1: 10, 30, with mean 20 and deviation 10. Neuron 2: too few.
  add(statistics, [
    [0.5, 0],
    [5, 2],
    [10, 1],
    [10.5, 0],
    [20, 1],
    [20.5, 0],
    [25, 2],
  ]);
  add(statistics, [
    [30.5, 0],
    [50, 1],
  ]);
  t.true(Math.abs(statistics.summary(100).cv! - (0 + 0.5) / 2) < 1e-12);
});
