import test from 'ava';
import { SynfireError } from '../../lib/errors.ts';
import { type Samples, toSampleBytes } from '../../lib/networks/inputs.ts';

const shape = [1, 2, 3];

test('bytes pass as they are', (t) => {
  const bytes = Uint8Array.from({ length: 12 }, (_, i) => i);
  t.is(toSampleBytes(bytes, shape), bytes);
});

test('numbers are rounded to the nearest byte', (t) => {
  const values = Float32Array.from([0, 1, 0.5, 0.4 / 255, 0.6 / 255, 254.6 / 255]);
  t.deepEqual([...toSampleBytes(values, shape)], [0, 255, 128, 0, 1, 255]);
});

test('every byte survives the way to a number and back', (t) => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  t.deepEqual(
    toSampleBytes(
      Float32Array.from(bytes, (byte) => byte / 255),
      [256],
    ),
    bytes,
  );
});

for (const value of [-0.001, 1.001, Number.NaN, Number.POSITIVE_INFINITY]) {
  test(`the number ${value} is refused with its position`, (t) => {
    const values = new Float32Array(6);
    values[4] = value;
    const error = t.throws(() => toSampleBytes(values, shape), { instanceOf: SynfireError });
    t.is(error.code, 'ERR_SYNFIRE_INVALID_ARGUMENT');
    t.is(error.field, 'samples[4]');
    t.regex(error.expected ?? '', /^a number from 0 to 1/);
  });
}

test('anything but whole samples in the two accepted arrays is refused', (t) => {
  const wrong = [
    new Uint8Array(0),
    new Uint8Array(7),
    new Float32Array(5),
    new Float64Array(6),
    [1, 2, 3, 4, 5, 6],
    null,
    undefined,
    'abcdef',
  ];
  for (const samples of wrong) {
    const error = t.throws(() => toSampleBytes(samples as Samples, shape), { instanceOf: SynfireError });
    t.is(error.field, 'samples');
    t.regex(error.message, /expected a Uint8Array or Float32Array with 1 x 2 x 3 = 6 values for each sample/);
  }
  const error = t.throws(() => toSampleBytes(new Uint8Array(7), shape), { instanceOf: SynfireError });
  t.regex(error.message, /Uint8Array of 7 values/);
});
