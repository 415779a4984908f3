// Tables and figures of the benchmarks.
import test from 'ava';
import { digits, mebibytes, percent, renderTable, spread } from '../../bench/table.ts';

const table = {
  title: 'Steps',
  head: ['mode', 'time'],
  rows: [
    ['rate', '3.61'],
    ['a|b', '12'],
  ],
};

test('a plain table has columns of one width', (t) => {
  t.is(renderTable(table, 'plain'), 'Steps\nmode  time\nrate  3.61\na|b     12\n');
});

test('a Markdown table has a rule below its head and keeps bars out of its cells', (t) => {
  const lines = [
    '**Steps**',
    '',
    '| mode | time |',
    '| --- | --- |',
    '| rate | 3.61 |',
    '| a\\|b | 12 |',
    '',
  ];
  t.is(renderTable(table, 'markdown'), lines.join('\n'));
});

test('figures have three digits that mean something', (t) => {
  t.deepEqual([0.04123, 3.614, 22.04, 639.4, 4850.2, 0].map(digits), [
    '0.0412',
    '3.61',
    '22.0',
    '639',
    '4850',
    '0',
  ]);
});

test('a spread shows its ends unless they are the same', (t) => {
  t.is(spread({ median: 6.5, low: 6, high: 7 }, '×'), '6.50× (6.00–7.00)');
  t.is(spread({ median: 2, low: 2, high: 2 }, ' ms'), '2.00 ms');
});

test('shares and sizes name their unit', (t) => {
  t.is(percent(0.125), '12.5 %');
  t.is(mebibytes(200 * 2 ** 20), '200 MiB');
});
