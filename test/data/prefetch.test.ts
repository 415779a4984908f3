// Reading ahead: order, bounds, failures and early ends.

import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { prefetch } from '../../lib/data/prefetch.ts';

/** Counts to `limit` and tells how far it has come and whether it was closed. */
function counter(limit: number) {
  const state = { asked: 0, closed: false, running: 0 };
  async function* count() {
    try {
      for (let i = 0; i < limit; i++) {
        state.asked = i + 1;
        if (++state.running > 1) throw new Error('two calls at a time');
        await sleep(1);
        state.running--;
        yield i;
      }
    } finally {
      state.closed = true;
    }
  }
  return { state, items: count() };
}

for (const depth of [0, 1, 3, 100]) {
  test(`items come in order with ${depth} read ahead`, async (t) => {
    const { items } = counter(20);
    const seen: number[] = [];
    for await (const item of prefetch(items, depth)) seen.push(item);
    t.deepEqual(seen, [...Array(20).keys()]);
  });

  test(`no more than ${depth} items are read ahead`, async (t) => {
    const { items, state } = counter(50);
    let consumed = 0;
    for await (const _ of prefetch(items, depth)) {
      consumed++;
      await sleep(5);
      t.true(state.asked <= consumed + depth + 1, `${state.asked} asked for, ${consumed} consumed`);
      if (consumed === 5) break;
    }
    t.true(state.closed);
  });
}

test('reading ahead happens while the consumer waits', async (t) => {
  const { items, state } = counter(50);
  const ahead = prefetch(items, 4);
  await ahead.next();
  await sleep(50);
  t.is(state.asked, 5);
  await ahead.return(undefined);
});

test('a failure comes at its turn, once', async (t) => {
  async function* failing() {
    yield 1;
    yield 2;
    throw new Error('broken');
  }
  const seen: number[] = [];
  await t.throwsAsync(
    async () => {
      for await (const item of prefetch(failing(), 5)) seen.push(item);
    },
    { message: 'broken' },
  );
  t.deepEqual(seen, [1, 2]);
});

test('plain iterables work too', async (t) => {
  const seen: number[] = [];
  for await (const item of prefetch([1, 2, 3], 2)) seen.push(item);
  t.deepEqual(seen, [1, 2, 3]);
});
