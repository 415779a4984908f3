import test from 'ava';
import { merge } from '../../lib/config/merge.ts';

test('tables are merged key by key', (t) => {
  const base = { training: { epochs: 10, batchSize: 64 }, data: { name: 'digits' } };
  t.deepEqual(merge(base, { training: { epochs: 3 } }), {
    training: { epochs: 3, batchSize: 64 },
    data: { name: 'digits' },
  });
});

test('lists and single values are replaced', (t) => {
  t.deepEqual(merge({ a: [1, 2, 3], b: 1 }, { a: [4], b: 'x' }), { a: [4], b: 'x' });
  t.deepEqual(merge({ a: { b: 1 } }, { a: 3 }), { a: 3 });
});

test('options of one kind do not survive a change to another kind', (t) => {
  const base = { optimizer: { kind: 'adam', learningRate: 0.1, beta1: 0.8 } };
  t.deepEqual(merge(base, { optimizer: { kind: 'sgd' } }), { optimizer: { kind: 'sgd' } });
  t.deepEqual(merge(base, { optimizer: 'sgd' }), { optimizer: { kind: 'sgd' } });
});

test('options of the same kind survive', (t) => {
  const base = { optimizer: { kind: 'adam', learningRate: 0.1, beta1: 0.8 } };
  const expected = { optimizer: { kind: 'adam', learningRate: 0.2, beta1: 0.8 } };
  t.deepEqual(merge(base, { optimizer: { learningRate: 0.2 } }), expected);
  t.deepEqual(merge(base, { optimizer: { kind: 'adam', learningRate: 0.2 } }), expected);
  t.deepEqual(merge(base, { optimizer: 'adam' }), base);
});

test('neither side is changed', (t) => {
  const base = Object.freeze({ a: Object.freeze({ b: 1 }) });
  const changes = Object.freeze({ a: Object.freeze({ c: 2 }) });
  t.deepEqual(merge(base, changes), { a: { b: 1, c: 2 } });
  t.deepEqual(base, { a: { b: 1 } });
});
