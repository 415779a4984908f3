// Saved event networks come back where they stood; files that are not good checkpoints are refused with a reason.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  buildEventNetwork,
  loadEventCheckpoint,
  readEventMetadata,
  saveEventCheckpoint,
} from '../../lib/checkpoints/event-checkpoint.ts';
import { checkpointKind } from '../../lib/checkpoints/format.ts';
import { encodeTensors, type Tensor } from '../../lib/checkpoints/safetensors.ts';
import { TensorReader, withTensorFile } from '../../lib/checkpoints/tensor-file.ts';
import { SynfireError } from '../../lib/errors.ts';
import { EventNetwork, type EventNetworkOptions } from '../../lib/networks/event-network.ts';
import { bytesInMemory } from './memory.ts';

/** Neurons of both kinds, every source, plasticity, delays, and every form of arrays in the options. */
const options = {
  seed: 9,
  dtMs: 0.5,
  populations: {
    noise: { size: 4, source: 'poisson', rateHz: 300 },
    list: { size: 2, source: 'list' },
    grid: {
      size: 3,
      model: 'conductance-lif',
      parameters: { thetaPlusMv: 0.1 },
      initial: { v: { uniform: [-70, -60] } },
    },
    exact: { size: 3, model: 'lif' },
  },
  projections: [
    {
      source: 'noise',
      target: 'grid',
      connect: 'all-to-all',
      weight: 0.4,
      delayMs: 1,
      plasticity: { rule: 'diehl-cook' },
    },
    {
      source: 'noise',
      target: 'exact',
      connect: { probability: 0.7 },
      weight: 6,
      delayMs: { uniform: [1, 9] },
      plasticity: { rule: 'pair' },
    },
    { source: 'list', target: 'exact', connect: { matrix: [1, Number.NaN, 2, 3, 4, 5] }, delayMs: 2 },
    {
      source: 'exact',
      target: 'exact',
      connect: { sources: [0, 1], targets: Uint32Array.of(2, 2), weights: [Number.EPSILON, 3] },
    },
  ],
} satisfies EventNetworkOptions;

function started(): EventNetwork {
  const network = new EventNetwork({ ...options, threads: 1 });
  network.addSpikes('list', { timesMs: [3, 9, 30, 61], neurons: [0, 1, 0, 1] });
  return network;
}

test('a network goes on from a checkpoint with the same spikes and weights', async (t) => {
  const path = join(await folder(t), 'network.safetensors');
  const straight = started();
  const network = started();
  await network.run(40.5);
  await saveEventCheckpoint(network, path);
  const loaded = await loadEventCheckpoint(path, { threads: 2 });
  t.is(loaded.training, null);
  t.is(loaded.network.timeMs, 40.5);
  await straight.run(100.5);
  await loaded.network.run(60);
  t.deepEqual(everything(loaded.network), everything(straight));
  t.true(straight.spikeCounts('grid').some((count) => count > 0));
  t.true(straight.spikeCounts('exact').some((count) => count > 0));
});

test('a checkpoint tells its kind and its options without its tensors', async (t) => {
  const path = join(await folder(t), 'network.safetensors');
  await saveEventCheckpoint(started(), path);
  t.is(await checkpointKind(path), 'events');
  const { network, training } = await readEventMetadata(path);
  t.deepEqual(Object.keys(network.populations), ['noise', 'list', 'grid', 'exact']);
  t.is(training, null);
  t.true((await stat(path)).size < 20 * started().memory().totalBytes);
});

test('saving replaces a file only as a whole', async (t) => {
  const at = await folder(t);
  await saveEventCheckpoint(started(), join(at, 'network.safetensors'));
  const before = await readFile(join(at, 'network.safetensors'));
  const error = await t.throwsAsync(
    saveEventCheckpoint(started(), join(at, 'network.safetensors', 'below')),
    {
      instanceOf: SynfireError,
    },
  );
  t.is(error?.code, 'ERR_SYNFIRE_IO');
  t.deepEqual(await readFile(join(at, 'network.safetensors')), before);
});

interface Parts {
  tensors: Map<string, Tensor>;
  metadata: Map<string, string>;
}

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

const changes: [string, (parts: Parts) => void, RegExp][] = [
  [
    'a file of another program',
    ({ metadata }) => metadata.clear(),
    /format is missing; expected synfire\.event-checkpoint/,
  ],
  [
    'a checkpoint of another kind',
    ({ metadata }) => metadata.set('format', 'synfire.checkpoint'),
    /an event network/,
  ],
  ['a file of a later version', ({ metadata }) => metadata.set('formatVersion', '2'), /formatVersion is "2"/],
  [
    'a network that is not JSON',
    ({ metadata }) => metadata.set('network', '{'),
    /network is "\{"; expected JSON text/,
  ],
  ['no network', ({ metadata }) => metadata.set('network', 'null'), /network/],
  [
    'populations that are none',
    (parts) => configure(parts, (network) => ({ ...network, populations: [] })),
    /populations/,
  ],
  [
    'bottomless nesting',
    (parts) => configure(parts, (network) => ({ ...network, seed: nested(40) })),
    /levels/,
  ],
  [
    'keys that reach into prototypes',
    ({ metadata }) => metadata.set('network', '{"__proto__":{"a":1}}'),
    /network/,
  ],
  [
    'another number of neurons than the state has',
    (parts) =>
      configure(parts, (network) => {
        const { populations } = network as typeof options;
        return { ...network, populations: { ...populations, noise: { ...populations.noise, size: 5 } } };
      }),
    /expected/,
  ],
  [
    'a network that is much larger than the file',
    (parts) =>
      configure(parts, (network) => {
        const { populations } = network as typeof options;
        return {
          ...network,
          populations: { ...populations, noise: { ...populations.noise, size: 2 ** 30 } },
        };
      }),
    /bytes/i,
  ],
  [
    'an array that is missing',
    ({ tensors }) => tensors.delete('network.projections.2.connect.matrix'),
    /tensor 'network/,
  ],
  [
    'an array of another type',
    ({ tensors }) =>
      tensors.set('network.projections.2.connect.matrix', {
        type: 'F32',
        shape: [6],
        data: new Float32Array(6),
      }),
    /F32.*expected F64/,
  ],
  ['a state that is missing', (parts) => removeState(parts, 1), /state|missing|expected/],
  ['no state at all', (parts) => removeState(parts, Infinity), /state|missing|expected/],
  [
    'weights that are not numbers',
    ({ tensors }) => {
      for (const [name, { type, data }] of tensors) {
        if (type === 'F32' && name.startsWith('state.') && name.includes('weight'))
          (data as Float32Array).fill(Number.NaN);
      }
    },
    /finite|expected/,
  ],
  ['a training that cannot be', ({ metadata }) => metadata.set('training', '{"images":-1}'), /training/],
];

for (const [name, change, message] of changes) {
  test(`refuses ${name}`, async (t) => {
    const parts = await partsOfNetwork(t);
    change(parts);
    const reader = TensorReader.open(bytesInMemory(Buffer.concat([...encodeTensors(parts)])));
    const error = await t.throwsAsync(async () => buildEventNetwork(await reader), {
      instanceOf: SynfireError,
    });
    t.is(error?.code, 'ERR_SYNFIRE_CHECKPOINT', error?.message);
    t.regex(error!.message, message);
  });
}

test('a network that would need more memory than allowed is not built', async (t) => {
  const path = join(await folder(t), 'network.safetensors');
  await saveEventCheckpoint(started(), path);
  const error = await t.throwsAsync(loadEventCheckpoint(path, { maxMemoryBytes: 100 }), {
    instanceOf: SynfireError,
  });
  t.is(error?.code, 'ERR_SYNFIRE_CHECKPOINT');
  t.regex(error!.message, /bytes/i);
});

/** All that can be seen of a network. */
function everything(network: EventNetwork): unknown {
  const neurons = ['grid', 'exact'].map((population) => [
    network.variables(population).map((variable) => [variable, network.state(population, variable)]),
    network.spikeCounts(population),
  ]);
  return [network.timeMs, neurons, network.projections.map(({ name }) => network.weights(name))];
}

async function partsOfNetwork(t: ExecutionContext): Promise<Parts> {
  const path = join(await folder(t), 'network.safetensors');
  const network = started();
  await network.run(20);
  await saveEventCheckpoint(network, path);
  return withTensorFile(path, async (reader) => {
    const tensors = new Map<string, Tensor>();
    for (const name of reader.tensors.keys()) tensors.set(name, (await reader.load(name))!);
    return { tensors, metadata: new Map(reader.metadata) };
  });
}

function configure({ metadata }: Parts, change: (network: object) => unknown): void {
  metadata.set('network', JSON.stringify(change(JSON.parse(metadata.get('network')!))));
}

function removeState({ tensors }: Parts, count: number): void {
  const names = [...tensors.keys()].filter((name) => name.startsWith('state.'));
  for (const name of names.slice(0, count)) tensors.delete(name);
}

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'synfire-event-checkpoint-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}
