// Where rounds and trainings end: between whole batches, whenever a training is saved or measured.
import test from 'ava';
import fc from 'fast-check';
import { Positions } from '../../lib/training/positions.ts';

test('without images to stop after, a training ends with its last epoch and rounds are epochs', (t) => {
  const positions = new Positions({ perEpoch: 10, batchSize: 4, epochs: 3 });
  t.is(positions.last, 30);
  t.deepEqual(
    [0, 10, 20].map((start) => positions.roundEnd(start)),
    [10, 20, 30],
  );
  t.deepEqual(
    [0, 4, 8, 9, 10].map((position) => positions.isBoundary(position)),
    [true, true, true, false, true],
  );
});

test('images to stop after are rounded up to a whole batch', (t) => {
  t.is(new Positions({ perEpoch: 10, batchSize: 4, epochs: 3, images: 13 }).last, 14);
  t.is(new Positions({ perEpoch: 10, batchSize: 4, epochs: 3, images: 9 }).last, 10);
  t.is(new Positions({ perEpoch: 10, batchSize: 4, epochs: 3, images: 99 }).last, 30);
});

test('rounds follow each other without gaps and end at boundaries', (t) => {
  const options = fc.record({
    perEpoch: fc.integer({ min: 1, max: 50 }),
    batchSize: fc.integer({ min: 1, max: 60 }),
    epochs: fc.integer({ min: 1, max: 4 }),
    evaluateEvery: fc.option(fc.integer({ min: 1, max: 120 }), { nil: undefined }),
    images: fc.option(fc.integer({ min: 1, max: 150 }), { nil: undefined }),
  });
  fc.assert(
    fc.property(options, (given) => {
      const positions = new Positions(given);
      let rounds = 0;
      for (let position = 0; position < positions.last; rounds++) {
        const end = positions.roundEnd(position);
        t.true(end > position && end <= positions.last && positions.isBoundary(end));
        position = end;
      }
      t.true(rounds >= 1 && positions.last <= given.epochs * given.perEpoch);
    }),
  );
});
