// Splitting samples: disjoint parts that cover everything, chosen by the seed alone.

import test from 'ava';
import fc from 'fast-check';
import { splitDataset } from '../../lib/data/index.ts';
import { SynfireError } from '../../lib/errors.ts';

const total = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 2000 }));
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const sizes = total.chain((total) => {
  const amount = fc.oneof(share, fc.integer({ min: 0, max: total }));
  return fc.record({ total: fc.constant(total), validation: amount, test: amount, seed: fc.nat() });
});

test('parts are disjoint, ascending and cover all samples, or nothing is left to train with', (t) => {
  fc.assert(
    fc.property(sizes, (options) => {
      const validation = wholeSamples(options.validation, options.total);
      const test = wholeSamples(options.test, options.total);
      if (validation + test >= options.total) {
        t.like(
          t.throws(() => splitDataset(options), { instanceOf: SynfireError }),
          leavesNothing,
        );
        return;
      }
      const parts = splitDataset(options);
      t.deepEqual([parts.validation.length, parts.test.length], [validation, test]);
      for (const part of Object.values(parts)) t.deepEqual([...part], ascending(part));
      const all = [...parts.train, ...parts.validation, ...parts.test];
      t.deepEqual(ascending(all), [...Array(options.total).keys()]);
    }),
    { examples: [[{ total: 2, validation: 0.25, test: 0.25, seed: 0 }]] },
  );
});

const leavesNothing = { code: 'ERR_SYNFIRE_INVALID_ARGUMENT', field: 'validation + test' };

/** A share of the samples, rounded; counts as they are. */
function wholeSamples(amount: number, total: number): number {
  return amount < 1 ? Math.round(amount * total) : amount;
}

function ascending(values: Iterable<number>): number[] {
  return [...values].sort((a, b) => a - b);
}

test('counts are taken as they are', (t) => {
  const { train, validation, test: held } = splitDataset({ total: 100, validation: 7, test: 13 });
  t.deepEqual([train.length, validation.length, held.length], [80, 7, 13]);
});

test('the seed alone decides', (t) => {
  const split = (seed: number) => splitDataset({ total: 1000, validation: 0.1, seed });
  t.deepEqual(split(5), split(5));
  t.notDeepEqual(split(5).validation, split(6).validation);
});

test('the choice is spread over all samples', (t) => {
  const { validation } = splitDataset({ total: 60_000, validation: 6000 });
  const firstHalf = validation.filter((index) => index < 30_000).length;
  t.true(Math.abs(firstHalf - 3000) < 200, `${firstHalf} of 6000 from the first half`);
});

for (const [options, field] of [
  [{ total: 0 }, 'total'],
  [{ total: 10, validation: -0.1 }, 'validation'],
  [{ total: 10, validation: 1.5 }, 'validation'],
  [{ total: 10, validation: 11 }, 'validation'],
  [{ total: 10, test: Number.NaN }, 'test'],
  [{ total: 10, validation: 5, test: 5 }, 'validation + test'],
  [{ total: 1, validation: 0.9 }, 'validation + test'],
  [{ total: 10, seed: 0.5 }, 'seed'],
] as const) {
  test(`${JSON.stringify(options)} is refused`, (t) => {
    const error = t.throws(() => splitDataset(options), { instanceOf: SynfireError });
    t.is(error.code, 'ERR_SYNFIRE_INVALID_ARGUMENT');
    t.is(error.field, field);
  });
}
