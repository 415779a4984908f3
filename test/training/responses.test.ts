// From spikes to classes: who responds to what, and how neurons vote.
import test from 'ava';
import { latencySpikes } from '../../lib/training/latency.ts';
import {
  assignClasses,
  classScores,
  ResponseCollector,
  taughtResponses,
} from '../../lib/training/responses.ts';

test('responses are means over the images of each class', (t) => {
  const collector = new ResponseCollector(2, 3);
  collector.add(Uint16Array.of(4, 0, 1, 2, 0, 0), Int32Array.of(0, 0));
  collector.add(Uint16Array.of(1, 0, 5), Int32Array.of(1));
  t.deepEqual([...collector.means()], [3, 0, 0.5, 1, 0, 5]);
});

test('a class without images has no responses', (t) => {
  const collector = new ResponseCollector(3, 1);
  collector.add(Uint16Array.of(6), Int32Array.of(1));
  t.deepEqual([...collector.means()], [0, 6, 0]);
});

test('a neuron belongs to the class that it responds to most, the first of several; a silent one to none', (t) => {
  const responses = Float64Array.of(1, 0, 2, 3, 0, 2);
  t.deepEqual([...assignClasses(responses, 2)], [1, -1, 0]);
});

test('the mean of its neurons is the score of a class', (t) => {
  const responses = Float64Array.of(2, 3, 0, 0, 0, 0, 1, 0);
  const counts = Uint16Array.of(4, 2, 5, 9, 0, 0, 1, 0);
  const scores = classScores(counts, responses, { classes: 2, vote: 'all' });
  t.deepEqual([...scores], [3, 5, 0, 1]);
});

test('a proportional vote counts spikes as the share of the class in the responses of the neuron', (t) => {
  const responses = Float64Array.of(3, 1, 1, 3);
  const scores = classScores(Uint16Array.of(4, 8), responses, { classes: 2, vote: 'proportional' });
  t.deepEqual([...scores], [3, 6]);
});

test('neurons that are taught stand for the class of their number', (t) => {
  t.deepEqual([...assignClasses(taughtResponses(4), 4)], [0, 1, 2, 3]);
});

test('larger values spike earlier, small ones not at all', (t) => {
  const { timesMs, neurons } = latencySpikes(Uint8Array.of(0, 255, 51, 50, 102, 255), {
    windowMs: 50,
    threshold: 0.2,
  });
  t.deepEqual([...neurons], [1, 5, 4, 2]);
  t.deepEqual([...timesMs], [0, 0, 30, 40]);
});
