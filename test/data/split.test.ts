// Splitting samples: disjoint parts that cover everything, chosen by the seed alone.

import test from 'ava';
import fc from 'fast-check';
import { splitDataset } from '../../lib/data/index.ts';
import { SynfireError } from '../../lib/errors.ts';

test('parts are disjoint, ascending and cover all samples', (t) => {
  const share = fc.double({ min: 0, max: 0.4, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 10, max: 2000 }),
      share,
      share,
      fc.nat(),
      (total, validation, test, seed) => {
        const parts = splitDataset({ total, validation, test, seed });
        const all = [...parts.train, ...parts.validation, ...parts.test];
        t.is(parts.validation.length, Math.round(validation * total));
        t.is(parts.test.length, Math.round(test * total));
        t.deepEqual(
          [...all].sort((a, b) => a - b),
          [...Array(total).keys()],
        );
        for (const part of Object.values(parts))
          t.deepEqual(
            [...part],
            [...part].sort((a, b) => a - b),
          );
      },
    ),
  );
});

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
