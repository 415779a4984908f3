// The built-in vectors of the identity task.
import test from 'ava';
import { identityData } from '../../lib/data/identity.ts';

test('targets are the samples themselves, and both parts are even', (t) => {
  const { train, test: held, name } = identityData({ shape: [1, 2, 2] });
  t.is(name, 'identity');
  t.deepEqual([train.samples, held!.samples, train.targets, train.classes], [4444, 1000, 4, 0]);
  const bytes = train.native.readSamples(0, train.samples);
  const targets = train.native.readTargets(0, train.samples);
  t.true(targets.every((target, index) => target === Math.fround(bytes[index]! / 255)));
  const mean = bytes.reduce((sum, byte) => sum + byte, 0) / bytes.length;
  t.true(Math.abs(mean - 127.5) < 2, `${mean}`);
  t.true(new Set(bytes).size === 256);
  t.notDeepEqual(train.sample(0), held!.sample(0));
});

test('a vector depends on its number and the seed only', (t) => {
  const all = identityData({ shape: [1, 1, 4] });
  const few = identityData({ shape: [1, 1, 4], limit: 10 });
  t.is(few.train.samples, 10);
  t.deepEqual(few.train.sample(9), all.train.sample(9));
  t.deepEqual(few.test.sample(9), all.test.sample(9));
  t.notDeepEqual(identityData({ shape: [1, 1, 4], seed: 1 }).train.sample(0), all.train.sample(0));
});
