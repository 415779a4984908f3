// The real MNIST, where this machine has it: ../shared/data/mnist or $SYNFIRE_SHARED/data/mnist.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { type Dataset, datasets, readIdx } from '../../lib/data/index.ts';
import { memoryIsTelling, memoryOf } from './array-bytes.ts';

const root = dirname(createRequire(import.meta.url).resolve('#package.json'));
const folder = join(process.env.SYNFIRE_SHARED ?? join(root, '..', 'shared'), 'data', 'mnist');
const missing = !existsSync(folder);
const withMnist = missing ? test.skip : test;
if (missing) console.log(`MNIST is not at ${folder}: tests with it are skipped`);

/** MD5 of the unpacked files. */
const sums = {
  train: { samples: '6bbc9ace898e44ae57da46a324031adb', labels: 'a25bea736e30d166cdddb491f175f624' },
  test: { samples: '2646ac647ad5339dbf082846283269ea', labels: '27ae3e4e09519cfbb04c329615203637' },
};

function md5(header: number[], data: Uint8Array): string {
  const start = Buffer.alloc(header.length * 4);
  header.forEach((value, i) => {
    start.writeUInt32BE(value, i * 4);
  });
  return createHash('md5').update(start).update(data).digest('hex');
}

function checkPart(
  t: import('ava').ExecutionContext,
  part: Dataset,
  expected: { samples: string; labels: string },
) {
  const count = part.samples;
  t.is(md5([0x803, count, 28, 28], part.native.readSamples(0, count)), expected.samples);
  t.is(md5([0x801, count], Uint8Array.from(part.labels())), expected.labels);
}

withMnist('every pixel and label of MNIST is in place', async (t) => {
  const { train, test: held, classes } = await datasets.load('mnist', { path: folder });
  t.deepEqual([train.samples, held.samples, classes], [60_000, 10_000, 10]);
  t.deepEqual(train.shape, [1, 28, 28]);
  checkPart(t, train, sums.train);
  checkPart(t, held, sums.test);
});

withMnist('a limit reads the first samples', async (t) => {
  const { train } = await datasets.load(folder, { limit: 3 });
  const all = await readIdx(join(folder, 'train-images-idx3-ubyte.gz'));
  t.deepEqual(train.native.readSamples(0, 3), (all.data as Uint8Array).slice(0, 3 * 784));
});

withMnist('SYNFIRE_DATA may be the folder itself, recognised by its labels', async (t) => {
  const index = new URL('../../lib/data/index.js', import.meta.url).href;
  const code = `import { datasets } from ${JSON.stringify(index)};
    console.log((await datasets.load('mnist', { limit: 5 })).train.labels().join());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
    env: { ...process.env, SYNFIRE_DATA: folder, XDG_CACHE_HOME: '/nonexistent' },
  });
  t.is(stdout.trim(), '5,0,4,1,9');
});

(memoryIsTelling ? withMnist : test.skip)('loading MNIST takes little more memory than MNIST', async (t) => {
  const { bytes, output } = await memoryOf(`
    const source = await data.datasets.load('mnist', { path: ${JSON.stringify(folder)} });
    console.log(source.train.bytes + source.test.bytes);`);
  const beside = (bytes - Number(output)) / 2 ** 20;
  t.true(beside < 40, `${beside} MiB beside the data`);
});
