// How much work a step stands for.
import test from 'ava';
import { type Task, workPerStep } from '../../bench/work.ts';
import { configOf, type Mode } from '../../bench/workload.ts';

const [convolution, hidden, readout] = [16 * 144 * 25, 2304 * 1024, 1024 * 10];
const parameters = 416 + (2304 + 1) * 1024 + (1024 + 1) * 10;

/** The layers of the preset, as LayerNetwork describes them. */
const layers = [convolution, hidden, readout].map((macs, index) => ({
  ...{ name: `layers.${index}`, kind: 'dense', outputShape: [], neurons: 0, macs },
  parameters: index === 0 ? parameters : 0,
}));

function work(mode: Mode, task: Task) {
  const { network } = configOf({ mode, precision: 'mixed' });
  return workPerStep(network, layers, { task, batchSize: 64 });
}

test('rate learning goes forward at every other step and back once', (t) => {
  const forward = 10 * convolution + 5 * hidden + readout;
  t.is(work('rate', 'infer').operations, 2 * 64 * forward);
  t.is(work('rate', 'train').operations, 2 * 64 * (forward + convolution + 2 * hidden + 2 * readout));
});

test('bptt goes back through every step', (t) => {
  const forward = 10 * (convolution + hidden) + readout;
  t.is(work('bptt', 'infer').operations, 2 * 64 * forward);
  t.is(work('bptt', 'train').operations, 2 * 64 * (forward + 10 * (convolution + 2 * hidden) + 2 * readout));
});

test('Adam moves a parameter and two moments both ways, and only to train', (t) => {
  t.is(work('rate', 'train').optimizerBytes, 24 * parameters);
  t.is(work('rate', 'infer').optimizerBytes, 0);
});
