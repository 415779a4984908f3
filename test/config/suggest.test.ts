import test from 'ava';
import { closest, oneOf } from '../../lib/config/suggest.ts';

const words = ['dense', 'conv2d', 'dropout', 'flatten'];

test('a slip of the keyboard finds its word', (t) => {
  t.is(closest('dence', words), 'dense');
  t.is(closest('desne', words), 'dense');
  t.is(closest('DENSE', words), 'dense');
  t.is(closest('con2d', words), 'conv2d');
  t.is(closest('dropouts', words), 'dropout');
});

test('a word that is far from all others finds none', (t) => {
  t.is(closest('recurrent', words), undefined);
  t.is(closest('', words), undefined);
  t.is(closest('dense', []), undefined);
});

test('the closest of several near words is found', (t) => {
  t.is(closest('betta1', ['beta2', 'beta1']), 'beta1');
});

test('a very long word is no work', (t) => {
  const started = performance.now();
  t.is(closest('x'.repeat(1_000_000), words), undefined);
  t.true(performance.now() - started < 1000);
});

test('a list of words ends with a hint when there is one', (t) => {
  t.is(oneOf(['a', 'b'], 3), 'one of "a", "b"');
  t.is(oneOf(['mean', 'sum'], 'som'), 'one of "mean", "sum" (did you mean "sum"?)');
});
