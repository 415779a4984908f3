// Summaries of repeated measurements.
import test from 'ava';
import { median, percentile, ratios, spreadOf, waitsOf } from '../../bench/measure.ts';

test('a median is the middle value, or the mean of the middle two', (t) => {
  t.is(median([3, 1, 10]), 3);
  t.is(median([4, 1, 10, 2]), 3);
  t.is(median([7]), 7);
});

test('a spread goes from the lowest to the highest value', (t) => {
  t.deepEqual(spreadOf([3, 9, 4]), { median: 4, low: 3, high: 9 });
});

test('a percentile is the smallest value that enough others do not exceed', (t) => {
  const values = Float64Array.from({ length: 200 }, (_, i) => 200 - i);
  t.is(percentile(values, 0.5), 100);
  t.is(percentile(values, 0.99), 198);
  t.is(percentile(values, 1), 200);
  t.is(percentile(Float64Array.of(5), 0), 5);
  t.is(values[0], 200, 'the values stay in their order');
});

test('waits are the middle, the slowest of a hundred and the slowest', (t) => {
  const times = Float64Array.from({ length: 100 }, (_, i) => i + 1);
  t.deepEqual(waitsOf(times), { p50Ms: 50, p99Ms: 99, maxMs: 100 });
});

test('ratios pair what was measured in the same round', (t) => {
  t.deepEqual(ratios([10, 30], [5, 10]), [2, 3]);
});
