import test from 'ava';
import { invalid, SynfireError, show } from '../lib/errors.ts';

test('an invalid value gives an error with code, field, value, expectation and one sentence of these', (t) => {
  const error = invalid('ERR_SYNFIRE_CONFIG', 'training.epochs', 0, 'an integer of at least 1');
  t.true(error instanceof SynfireError);
  t.true(error instanceof Error);
  t.is(error.name, 'SynfireError');
  t.is(error.code, 'ERR_SYNFIRE_CONFIG');
  t.is(error.field, 'training.epochs');
  t.is(error.value, 0);
  t.is(error.expected, 'an integer of at least 1');
  t.is(error.message, 'training.epochs is 0; expected an integer of at least 1');
});

test('details that are not given are not there', (t) => {
  const error = new SynfireError('ERR_SYNFIRE_IO', 'disk full');
  t.false('field' in error);
  t.false('value' in error);
  t.false('cause' in error);
  const cause = new Error('below');
  t.is(new SynfireError('ERR_SYNFIRE_IO', 'disk full', { cause }).cause, cause);
});

test('values are shown on one short line, whatever they are', (t) => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  t.is(show(undefined), 'missing');
  t.is(show('a\nb'), '"a\\nb"');
  t.is(show(Number.NaN), 'NaN');
  t.is(show(12n), '12n');
  t.is(show([1, 2]), '[1,2]');
  t.is(show(null), 'null');
  t.is(show(circular), 'an object');
  t.is(show(new Float32Array(3)), 'a Float32Array of 12 bytes');
  t.is(show(new Date(Number.NaN)), 'an invalid date');
  t.is(
    show(() => 0),
    'a function',
  );
  t.true(show('x'.repeat(10_000)).length < 100);
  t.true(show(Array.from({ length: 10_000 }, () => 'x')).length < 100);
});
