// Where the benchmarks look for data.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { chooseData } from '../../bench/data.ts';

function folderWith(t: { teardown(work: () => void): void }, file: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'synfire-bench-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, file), '');
  return folder;
}

test('digits need no files', (t) => {
  t.deepEqual(chooseData('digits'), { name: 'digits', folder: null });
});

test('a folder with MNIST, packed or not, is taken', (t) => {
  for (const file of ['train-images-idx3-ubyte.gz', 'train-images-idx3-ubyte']) {
    const folder = folderWith(t, file);
    t.deepEqual(chooseData(folder), { name: 'mnist', folder });
  }
});

test('a folder without is refused', (t) => {
  const error = t.throws(() => chooseData(folderWith(t, 'notes.txt')));
  t.like(error, { code: 'ERR_SYNFIRE_DATA_MISSING', field: '--data' });
});
