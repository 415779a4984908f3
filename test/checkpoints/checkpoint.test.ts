// Saved networks come back with the same bits; files that are not good checkpoints are refused with a reason.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { buildNetwork, loadCheckpoint, saveCheckpoint } from '../../lib/checkpoints/checkpoint.ts';
import { encodeMetadata } from '../../lib/checkpoints/metadata.ts';
import { encodeTensors, type Tensor } from '../../lib/checkpoints/safetensors.ts';
import { findCheckpoint } from '../../lib/checkpoints/store.ts';
import { TensorReader } from '../../lib/checkpoints/tensor-file.ts';
import type { NetworkConfig } from '../../lib/config/schema.ts';
import { SynfireError } from '../../lib/errors.ts';
import { fit } from '../../lib/training/fit.ts';
import { bits, smallData, smallNetwork } from '../training/small.ts';
import { bytesInMemory } from './memory.ts';

const data = smallData(64);

test('a trained network comes back with the same parameters and predictions', async (t) => {
  const path = join(await folder(t), 'network.safetensors');
  const network = smallNetwork();
  await fit(network, data, { epochs: 2, batchSize: 16, threads: 1 });
  await saveCheckpoint(network, path);
  const loaded = await loadCheckpoint(path);
  t.deepEqual(loaded.network.config, network.config);
  t.is(loaded.metadata.training, null);
  t.is(bits(loaded.network), bits(network));
  const samples = data.native.readSamples(0, 64);
  t.deepEqual(await loaded.network.predict(samples), await network.predict(samples));
});

test('saving replaces the file that was there', async (t) => {
  const path = join(await folder(t), 'network.safetensors');
  await saveCheckpoint(smallNetwork('bptt', 1), path);
  await saveCheckpoint(smallNetwork('bptt', 2), path);
  t.is((await loadCheckpoint(path)).metadata.network.seed, 2);
});

test('a checkpoint is found by its path, its folder and the folder of its run', async (t) => {
  const run = await folder(t);
  const latest = join(run, 'checkpoints', 'latest.safetensors');
  const best = join(run, 'checkpoints', 'best.safetensors');
  await saveCheckpoint(smallNetwork(), latest);
  for (const path of [latest, join(run, 'checkpoints'), run])
    t.is(await findCheckpoint(path, 'latest'), latest);
  t.is(await findCheckpoint(run, 'best'), latest);
  await saveCheckpoint(smallNetwork(), best);
  t.is(await findCheckpoint(run, 'best'), best);
  const error = await t.throwsAsync(findCheckpoint(join(run, 'nothing'), 'best'), {
    instanceOf: SynfireError,
  });
  t.is(error?.code, 'ERR_SYNFIRE_CHECKPOINT');
});

test('paths that lead to no file are refused', async (t) => {
  const at = await folder(t);
  for (const path of [at, join(at, 'missing'), join(at, 'file', 'below')]) {
    await writeFile(join(at, 'file'), 'text');
    const error = await t.throwsAsync(loadCheckpoint(path), { instanceOf: SynfireError });
    t.is(error?.code, 'ERR_SYNFIRE_CHECKPOINT', path);
    t.is(error?.value, path);
  }
});

interface Parts {
  tensors: Map<string, Tensor>;
  metadata: Map<string, string>;
}

const changes: [string, (parts: Parts) => void, RegExp][] = [
  [
    'a file of another program',
    ({ metadata }) => metadata.clear(),
    /format is missing; expected synfire\.checkpoint/,
  ],
  ['a file of a later version', ({ metadata }) => metadata.set('formatVersion', '2'), /formatVersion is "2"/],
  [
    'a network that is not JSON',
    ({ metadata }) => metadata.set('network', '{'),
    /network is "\{"; expected JSON text/,
  ],
  ['a network that is no configuration', ({ metadata }) => metadata.set('network', '[]'), /file: network/],
  [
    'a network with a wrong value',
    (parts) => configure(parts, (network) => ({ ...network, timesteps: 0 })),
    /file: network\.timesteps is 0/,
  ],
  [
    'a network whose layers do not fit',
    (parts) => configure(parts, (network) => ({ ...network, inputShape: [1, 2, 2] })),
    /^file: network\.layers\.0\.kernel/,
  ],
  ['a state that is none', ({ metadata }) => metadata.set('training', '{"epoch":-1}'), /file: training/],
  [
    'a missing tensor',
    ({ tensors }) => tensors.delete('layers.0.bias'),
    /'layers\.0\.bias' is missing; expected F32 \[4\]/,
  ],
  [
    'a tensor of another type',
    ({ tensors }) => tensors.set('layers.0.bias', { type: 'I32', shape: [4], data: new Int32Array(4) }),
    /I32 \[4\]/,
  ],
  [
    'a tensor of another shape',
    ({ tensors }) => tensors.set('layers.0.bias', { type: 'F32', shape: [2, 2], data: new Float32Array(4) }),
    /F32 \[2, 2\]/,
  ],
  [
    'a weight that is not a number',
    ({ tensors }) => (tensors.get('layers.1.weight')!.data as Float32Array).fill(Number.NaN, 0, 1),
    /layers\.1\.weight/,
  ],
  [
    'a network that is larger than the file',
    (parts) => configure(parts, enlarge),
    /values in tensors is \d+; expected at least \d{8,}/,
  ],
];

for (const [name, change, message] of changes) {
  test(`refuses ${name}`, async (t) => {
    const parts = partsOfNetwork();
    change(parts);
    const bytes = Buffer.concat([...encodeTensors(parts)]);
    const error = await t.throwsAsync(load(bytes), { instanceOf: SynfireError, message });
    t.is(error?.code, 'ERR_SYNFIRE_CHECKPOINT');
  });
}

test('every truncation of a checkpoint is refused', async (t) => {
  const path = join(await folder(t), 'network.safetensors');
  await saveCheckpoint(smallNetwork(), path);
  const bytes = await readFile(path);
  for (let length = 0; length < bytes.length; length += 97) {
    await t.throwsAsync(load(bytes.subarray(0, length)), { instanceOf: SynfireError });
  }
});

async function load(bytes: Uint8Array): Promise<void> {
  await buildNetwork(await TensorReader.open(bytesInMemory(bytes)));
}

function partsOfNetwork(): Parts {
  const network = smallNetwork();
  const tensors = new Map(
    network.native.tensors().map(({ name, shape }): [string, Tensor] => {
      return [name, { type: 'F32', shape, data: network.native.readTensor(name) }];
    }),
  );
  return {
    tensors,
    metadata: encodeMetadata({ network: network.config, training: null }),
  };
}

function configure({ metadata }: Parts, change: (network: NetworkConfig) => object): void {
  metadata.set('network', JSON.stringify(change(JSON.parse(metadata.get('network')!))));
}

function enlarge(network: NetworkConfig): object {
  const [convolution, hidden, readout] = network.layers;
  return { ...network, layers: [convolution, { ...hidden, units: 1 << 20 }, readout] };
}

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'synfire-checkpoint-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}
