// Morton codes: there and back, the order of bits, what is refused, and that the engine agrees.
import test from 'ava';
import fc from 'fast-check';
import { native } from '../../lib/native/index.ts';
import { mortonDecode, mortonEncode } from '../../lib/networks/morton.ts';
import { throwsError } from './errors.ts';

const coordinate = fc.integer({ min: 0, max: 65535 });

test('the place of a code is the place that it was made of', (t) => {
  fc.assert(
    fc.property(coordinate, coordinate, coordinate, (x, y, z) => {
      t.deepEqual(mortonDecode(mortonEncode(x, y, z)), [x, y, z]);
    }),
  );
});

test('x has the lowest bit, then y, then z', (t) => {
  t.is(mortonEncode(0, 0, 0), 0n);
  t.deepEqual([mortonEncode(1, 0, 0), mortonEncode(0, 1, 0), mortonEncode(0, 0, 1)], [1n, 2n, 4n]);
  t.is(mortonEncode(3, 0, 0), 0b001001n);
  t.is(mortonEncode(65535, 65535, 65535), 2n ** 48n - 1n);
});

test('the engine makes the same codes', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(coordinate, coordinate, coordinate), { maxLength: 40 }), (places) => {
      const codes = native().encodeMorton(Uint16Array.from(places.flat()));
      t.deepEqual(
        [...codes],
        places.map((place) => mortonEncode(...place)),
      );
    }),
  );
});

test('what has no code, and what is none, is refused', (t) => {
  const whole = /a whole number from 0 to 65535/;
  throwsError(t, () => mortonEncode(65536, 0, 0), { field: 'x', value: 65536, expected: whole });
  throwsError(t, () => mortonEncode(0, -1, 0), { field: 'y', value: -1, expected: whole });
  throwsError(t, () => mortonEncode(0, 0, 0.5), { field: 'z', value: 0.5, expected: whole });
  throwsError(t, () => mortonDecode(-1n), { field: 'code', value: -1n, expected: /a bigint from 0/ });
  throwsError(t, () => mortonDecode(2n ** 48n), { field: 'code', expected: /281474976710655/ });
  throwsError(t, () => mortonDecode(5 as never), { field: 'code', value: 5 });
});
