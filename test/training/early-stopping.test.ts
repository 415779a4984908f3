// Early stopping: what counts as an improvement and when patience ends.
import test from 'ava';
import {
  advanceEarlyStopping,
  type EarlyStoppingRule,
  initialEarlyStopping,
  isImprovement,
  naturalMode,
  shouldStop,
} from '../../lib/training/early-stopping.ts';

test('training stops after `patience` epochs without an improvement', (t) => {
  t.is(stopsAfter([3, 2, 2, 2, 1], { patience: 2, minDelta: 0, mode: 'min' }), 4);
  t.is(stopsAfter([3, 2, 2, 1.9, 1.8], { patience: 2, minDelta: 0, mode: 'min' }), undefined);
  t.is(stopsAfter([0.9, 0.8, 0.7], { patience: 1, minDelta: 0, mode: 'max' }), 2);
});

test('an improvement of no more than minDelta does not count', (t) => {
  t.is(stopsAfter([1, 0.75, 0.5], { patience: 2, minDelta: 0.5, mode: 'min' }), 3);
  t.is(stopsAfter([1, 0.75, 0.25], { patience: 2, minDelta: 0.5, mode: 'min' }), undefined);
});

test('a value that is not finite is never an improvement', (t) => {
  t.is(stopsAfter([Number.NaN, Infinity], { patience: 2, minDelta: 0, mode: 'max' }), 2);
  t.false(isImprovement(Number.NaN, null, 'min'));
});

test('the state is plain data: a copy through JSON goes on alike', (t) => {
  const rule: EarlyStoppingRule = { patience: 2, minDelta: 0.01, mode: 'max' };
  const state = advanceEarlyStopping(advanceEarlyStopping(initialEarlyStopping, 0.1 + 0.2, rule), 0.1, rule);
  const copy = JSON.parse(JSON.stringify(state));
  t.deepEqual(advanceEarlyStopping(copy, 0.305, rule), advanceEarlyStopping(state, 0.305, rule));
});

test('losses are better small, accuracies large', (t) => {
  t.is(naturalMode('validationLoss'), 'min');
  t.is(naturalMode('trainAccuracy'), 'max');
});

function stopsAfter(values: number[], rule: EarlyStoppingRule): number | undefined {
  let state = initialEarlyStopping;
  for (const [index, value] of values.entries()) {
    state = advanceEarlyStopping(state, value, rule);
    if (shouldStop(state, rule)) return index + 1;
  }
  return undefined;
}
