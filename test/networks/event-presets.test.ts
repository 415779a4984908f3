import test from 'ava';
import { parseAnyRun } from '../../lib/config/toml.ts';
import { SynfireError } from '../../lib/errors.ts';
import { EventNetwork } from '../../lib/networks/event-network.ts';
import { eventPreset, presets } from '../../lib/networks/presets.ts';

test('the preset of Diehl & Cook is the published network', (t) => {
  const network = new EventNetwork(presets.diehlCook({ neurons: 100, delayMs: [0, 10] }));
  t.deepEqual(
    network.projections.map(({ name, synapses, plastic }) => [name, synapses, plastic]),
    [
      ['input->excitatory', 78_400, true],
      ['excitatory->inhibitory', 100, false],
      ['inhibitory->excitatory', 9900, false],
    ],
  );
  t.deepEqual([...new Set(network.state('excitatory', 'v'))], [-65]);
  t.deepEqual([...new Set(network.state('excitatory', 'theta'))], [20]);
  network.normalise('input->excitatory');
  const { targets, delaysMs } = network.connections('input->excitatory');
  const sums = new Float64Array(100);
  network.weights('input->excitatory').forEach((weight, synapse) => {
    sums[targets[synapse]!]! += weight;
  });
  t.true(sums.every((sum) => Math.abs(sum - 78) < 1e-3));
  const steps = Array.from({ length: 21 }, (_, step) => step / 2);
  t.deepEqual(
    [...new Set(delaysMs)].sort((a, b) => a - b),
    steps,
  );
  const published = presets.diehlCook({ startBelowRestMv: 40 }).populations;
  t.like(published, { excitatory: { initial: { v: -105 } }, inhibitory: { initial: { v: -100 } } });
});

test('a neuron that fires inhibits all others', async (t) => {
  const spikes = async (inhibition: number) => {
    const network = new EventNetwork(presets.diehlCook({ neurons: 50, inhibition }));
    network.normalise('input->excitatory');
    network.setRates('input', 20);
    await network.run(350);
    return network.spikeCounts('excitatory').reduce((sum, count) => sum + count, 0);
  };
  t.true(3 * (await spikes(17)) < (await spikes(0)));
});

test('options that cannot be are refused by name', (t) => {
  const error = t.throws(() => presets.diehlCook({ delayMs: [10, 0] }), { instanceOf: SynfireError });
  t.regex(error!.message, /delayMs is \[10,0\]; expected milliseconds, or \[lowest, highest\]/);
  t.throws(() => presets.diehlCook({ neurons: 0 }), {
    message: /neurons is 0; expected an integer from 1 to 6400/,
  });
  t.throws(() => presets.teaching({ classes: 1 }), { message: /classes is 1/ });
});

test('a file says which preset it changes', (t) => {
  const text = 'preset = "teaching"\n[network]\nclasses = 4\n[training]\nmax_epochs = 2\n';
  const run = parseAnyRun({ text, file: 'x.toml', language: 'toml' });
  if (run.kind !== 'events') return t.fail();
  t.like(run.config, { network: { preset: 'teaching', classes: 4 }, training: { epochs: 2, merge: 'mean' } });
  t.is(eventPreset(run.config.network).populations.output?.size, 4);
  const layers = parseAnyRun({ text: 'preset = "conv-snn"', file: 'y.toml', language: 'toml' });
  t.is(layers.kind, 'layers');
});
