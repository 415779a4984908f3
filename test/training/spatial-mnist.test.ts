// The preset for digits on the real MNIST, where this machine has it: ../shared/data/mnist or $SYNFIRE_SHARED/data/mnist.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test from 'ava';
import { datasets } from '../../lib/data/index.ts';
import { presets } from '../../lib/networks/presets.ts';
import { SpatialNetwork } from '../../lib/networks/spatial-network.ts';
import { trainSpatial } from '../../lib/training/train-spatial.ts';

const root = dirname(createRequire(import.meta.url).resolve('#package.json'));
const folder = join(process.env.SYNFIRE_SHARED ?? join(root, '..', 'shared'), 'data', 'mnist');
const missing = !existsSync(folder);
const withMnist = missing ? test.skip : test;
if (missing) console.log(`MNIST is not at ${folder}: tests with it are skipped`);

withMnist('grids of neurons read handwritten digits, and grow meanwhile', async (t) => {
  const data = await datasets.load('mnist', { path: folder, limit: 8000 });
  const changes = { growth: { everyBatches: 100 } };
  const network = new SpatialNetwork(...presets.spatialDigits(changes));
  const { history, test: measured } = await trainSpatial(network, data, { epochs: 2, batchSize: 32 });
  t.true(measured!.accuracy! > 0.8, `${measured?.accuracy}`);
  t.true(history[1]!.neurons > 1186, `${history[1]!.neurons} neurons`);
});
