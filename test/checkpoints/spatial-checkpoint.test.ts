// Saved spatial networks come back where they stood; files that are not good checkpoints are refused with a reason.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checkpointKind } from '../../lib/checkpoints/format.ts';
import { encodeTensors, type Tensor } from '../../lib/checkpoints/safetensors.ts';
import {
  buildSpatialNetwork,
  loadSpatialCheckpoint,
  readSpatialMetadata,
  saveSpatialCheckpoint,
} from '../../lib/checkpoints/spatial-checkpoint.ts';
import { TensorReader, withTensorFile } from '../../lib/checkpoints/tensor-file.ts';
import { type ActivationName, activationNames } from '../../lib/config/spatial-map.ts';
import { SynfireError } from '../../lib/errors.ts';
import type { SpatialNetwork, SpatialNetworkOptions } from '../../lib/networks/spatial-network.ts';
import { activationMap } from '../../lib/networks/spatial-spec.ts';
import { identityNetwork, learnIdentity, stateDigest } from '../networks/small-spatial.ts';
import { bytesInMemory } from './memory.ts';

/** Grown and pruned, with all that a state may hold. */
async function started(options: SpatialNetworkOptions = {}): Promise<SpatialNetwork> {
  const network = identityNetwork({ capacity: 40, temporalDecay: 0.3, rounding: 'residual', ...options });
  await learnIdentity(network, 150);
  await network.grow();
  await network.prune(0.2);
  await learnIdentity(network, 20, 2);
  return network;
}

for (const rounding of ['stochastic', 'residual'] as const) {
  test(`a network with ${rounding} rounding goes on from a checkpoint to the same bits`, async (t) => {
    const path = join(await folder(t), 'network.safetensors');
    const network = await started({ rounding });
    await saveSpatialCheckpoint(network, path);
    const loaded = await loadSpatialCheckpoint(path, { threads: 2 });
    t.is(loaded.training, null);
    t.deepEqual([loaded.network.batches, loaded.network.grids], [170, network.grids]);
    for (const layer of [0, 1]) t.deepEqual(loaded.network.neurons(layer), network.neurons(layer));
    t.is(await stateDigest(loaded.network), await stateDigest(network));
    for (const one of [network, loaded.network]) {
      await learnIdentity(one, 60, 3);
      await one.grow();
    }
    t.is(await stateDigest(loaded.network), await stateDigest(network));
    t.deepEqual(loaded.network.forward([1, 2, 3, 4]), network.forward([1, 2, 3, 4]));
  });
}

test('a checkpoint tells its kind and its description without its tensors', async (t) => {
  const path = join(await folder(t), 'network.safetensors');
  const network = await started();
  await saveSpatialCheckpoint(network, path);
  t.is(await checkpointKind(path), 'spatial');
  const { grids, options, training, synfireVersion } = await readSpatialMetadata(path);
  t.deepEqual(grids, network.grids as never);
  const { activation, ...rest } = options;
  t.like(network.options, rest);
  t.is(activation[1], 'identity');
  const [map] = activation as ActivationName[][][];
  t.deepEqual(
    map!.flat().map((name) => activationNames.indexOf(name)),
    [...activationMap('map')],
  );
  t.is(training, null);
  t.regex(synfireVersion, /^\d/);
});

test('saving replaces a file only as a whole', async (t) => {
  const at = await folder(t);
  const path = join(at, 'network.safetensors');
  await saveSpatialCheckpoint(await started(), path);
  const before = await readFile(path);
  const error = await t.throwsAsync(saveSpatialCheckpoint(await started(), join(path, 'below')));
  t.like(error, { code: 'ERR_SYNFIRE_IO' });
  t.deepEqual(await readFile(path), before);
});

test('a network that would need more memory than allowed is not built', async (t) => {
  const path = join(await folder(t), 'network.safetensors');
  await saveSpatialCheckpoint(await started(), path);
  const error = await t.throwsAsync(loadSpatialCheckpoint(path, { maxMemoryBytes: 1000 }), {
    instanceOf: SynfireError,
  });
  t.is(error?.code, 'ERR_SYNFIRE_CHECKPOINT');
  t.regex(error!.message, /bytes/i);
});

interface Parts {
  tensors: Map<string, Tensor>;
  metadata: Map<string, string>;
}

const changes: [string, (parts: Parts) => void, RegExp][] = [
  [
    'a file of another program',
    ({ metadata }) => metadata.clear(),
    /format is missing; expected synfire\.spatial-checkpoint/,
  ],
  [
    'a checkpoint of another kind',
    ({ metadata }) => metadata.set('format', 'synfire.event-checkpoint'),
    /a spatial network/,
  ],
  ['a file of a later version', ({ metadata }) => metadata.set('formatVersion', '2'), /formatVersion is "2"/],
  ['a network that is not JSON', ({ metadata }) => metadata.set('network', '{'), /expected JSON text/],
  ['no network', ({ metadata }) => metadata.set('network', 'null'), /network\.grids is missing/],
  ['a list for a network', ({ metadata }) => metadata.set('network', '[4, 4]'), /network\.grids is missing/],
  [
    'grids without cells',
    (parts) =>
      describe(parts, (network) => ({
        ...network,
        grids: [
          [2, 2, 1],
          [0, 2, 2],
          [2, 2, 1],
        ],
      })),
    /network\.grids\[1\]\[0\] is 0/,
  ],
  ['options that are wrong', (parts) => option(parts, { bits: 3 }), /network\.bits is 3; expected 1, 2 or 4/],
  ['options that are none', (parts) => option(parts, { depth: 5 }), /network\.depth is not a known key/],
  [
    'keys that reach into prototypes',
    ({ metadata }) => metadata.set('network', '{"__proto__":{"a":1}}'),
    /network/,
  ],
  [
    'another grid than the state has',
    (parts) =>
      describe(parts, (network) => ({
        ...network,
        grids: [
          [2, 2, 1],
          [4, 4, 2],
          [2, 2, 1],
        ],
      })),
    /expected/,
  ],
  ['another capacity than the state has', (parts) => option(parts, { capacity: 20 }), /expected/],
  ['another precision than the state has', (parts) => option(parts, { bits: 1 }), /expected/],
  [
    'a network that is much larger than the file',
    (parts) =>
      describe(parts, (network) => ({
        ...network,
        grids: [
          [2, 2, 1],
          [512, 512, 512],
          [2, 2, 1],
        ],
      })),
    /bytes/i,
  ],
  ['a state that is missing', (parts) => removeState(parts, 1), /state|missing|expected/],
  ['no state at all', (parts) => removeState(parts, Infinity), /state|missing|expected/],
  ['a training that cannot be', ({ metadata }) => metadata.set('training', '{"epoch":-1}'), /training/],
];

for (const [name, change, message] of changes) {
  test(`refuses ${name}`, async (t) => {
    const parts = await partsOfNetwork(t);
    change(parts);
    const error = await refusal(t, parts);
    t.regex(error.message, message);
  });
}

test('refuses every array that is cut short, of another type, or full of extremes', async (t) => {
  const whole = await partsOfNetwork(t);
  for (const [name, tensor] of whole.tensors) {
    const { shape, data } = tensor;
    const shorter = { ...tensor, shape: [Math.max(0, data.length - 1)], data: data.slice(0, -1) } as Tensor;
    const bytes: Tensor = { type: 'I32', shape: [data.length], data: new Int32Array(data.length) };
    for (const wrong of [...(data.length > 0 ? [shorter] : []), bytes]) {
      await refusal(t, { ...whole, tensors: new Map(whole.tensors).set(name, wrong) }, name);
    }
    if (!(data instanceof Float32Array) || data.length === 0) continue;
    const infinite: Tensor = { type: 'F32', shape, data: data.map(() => Number.NaN) };
    await refusal(t, { ...whole, tensors: new Map(whole.tensors).set(name, infinite) }, name);
  }
});

test('arrays of extreme whole numbers are refused, or make a network that works', async (t) => {
  const whole = await partsOfNetwork(t);
  for (const [name, tensor] of whole.tensors) {
    const { type, shape, data } = tensor;
    if (data instanceof Float32Array || data.length === 0) continue;
    const extreme = new Uint8Array(data.byteLength).fill(255);
    const Kind = data.constructor as new (buffer: ArrayBuffer) => typeof data;
    const changed = { type, shape, data: new Kind(extreme.buffer) } as Tensor;
    const built = await build({ ...whole, tensors: new Map(whole.tensors).set(name, changed) }).catch(
      (error: unknown) => error,
    );
    if (built instanceof SynfireError) t.is(built.code, 'ERR_SYNFIRE_CHECKPOINT', name);
    else await learnIdentity((built as Awaited<ReturnType<typeof build>>).network, 2);
  }
  t.pass();
});

async function refusal(t: ExecutionContext, parts: Parts, name?: string): Promise<SynfireError> {
  const error = await t.throwsAsync(() => build(parts), { instanceOf: SynfireError }, name);
  t.is(error?.code, 'ERR_SYNFIRE_CHECKPOINT', `${name}: ${error?.message}`);
  return error!;
}

async function build(parts: Parts) {
  const reader = await TensorReader.open(bytesInMemory(Buffer.concat([...encodeTensors(parts)])));
  return buildSpatialNetwork(reader);
}

async function partsOfNetwork(t: ExecutionContext): Promise<Parts> {
  const path = join(await folder(t), 'network.safetensors');
  await saveSpatialCheckpoint(await started(), path);
  return withTensorFile(path, async (reader) => {
    const tensors = new Map<string, Tensor>();
    for (const name of reader.tensors.keys()) tensors.set(name, (await reader.load(name))!);
    return { tensors, metadata: new Map(reader.metadata) };
  });
}

function describe({ metadata }: Parts, change: (network: { options: object }) => unknown): void {
  metadata.set('network', JSON.stringify(change(JSON.parse(metadata.get('network')!))));
}

function option(parts: Parts, changed: object): void {
  describe(parts, (network) => ({ ...network, options: { ...network.options, ...changed } }));
}

function removeState({ tensors }: Parts, count: number): void {
  const names = [...tensors.keys()].filter((name) => name.startsWith('state.'));
  for (const name of names.slice(0, count)) tensors.delete(name);
}

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'synfire-spatial-checkpoint-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}
