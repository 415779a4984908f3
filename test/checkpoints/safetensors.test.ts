// The safetensors reader and writer: what is written comes back, and what is malformed is refused with a
// reason.
import test from 'ava';
import fc from 'fast-check';
import { encodeTensors, type Tensor, type TensorFile } from '../../lib/checkpoints/safetensors.ts';
import { TensorReader } from '../../lib/checkpoints/tensor-file.ts';
import { SynfireError } from '../../lib/errors.ts';
import { bytesInMemory } from './memory.ts';

test('tensors and metadata survive a round trip', async (t) => {
  const tensors = new Map<string, Tensor>([
    ['bytes', { type: 'U8', shape: [3], data: Uint8Array.of(1, 2, 255) }],
    ['layers.0.weight', { type: 'F32', shape: [2, 2], data: Float32Array.of(1.5, -0, Number.NaN, Infinity) }],
    ['doubles', { type: 'F64', shape: [1], data: Float64Array.of(Math.PI) }],
    ['counts', { type: 'I32', shape: [2, 1], data: Int32Array.of(-1, 2 ** 31 - 1) }],
    ['indices', { type: 'U32', shape: [2], data: Uint32Array.of(0, 2 ** 32 - 1) }],
    ['ticks', { type: 'I64', shape: [2], data: BigInt64Array.of(-1n, 2n ** 63n - 1n) }],
    ['draws', { type: 'U64', shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) }],
    ['empty', { type: 'F32', shape: [0, 7], data: new Float32Array(0) }],
    ['scalar', { type: 'F32', shape: [], data: Float32Array.of(4) }],
  ]);
  const metadata = new Map([
    ['note', 'spikes, "quoted" ⚡'],
    ['__proto__', 'a plain name'],
  ]);
  t.deepEqual(await readAll(join(encodeTensors({ tensors, metadata }))), { tensors, metadata });
});

test('any tensors survive a round trip', async (t) => {
  const tensor = fc.float32Array().map((data): Tensor => ({ type: 'F32', shape: [data.length], data }));
  const files = fc.record({
    tensors: fc.array(
      fc.tuple(
        fc.string().filter((name) => name !== '__metadata__'),
        tensor,
      ),
    ),
    metadata: fc.array(fc.tuple(fc.string(), fc.string())),
  });
  await fc.assert(
    fc.asyncProperty(files, async (file) => {
      const written = { tensors: new Map(file.tensors), metadata: new Map(file.metadata) };
      const read = await readAll(join(encodeTensors(written)));
      t.deepEqual([...read.tensors].sort(byName), [...written.tensors].sort(byName));
      t.deepEqual([...read.metadata].sort(byName), [...written.metadata].sort(byName));
    }),
  );
});

test('the data begin on a multiple of eight bytes, as other readers expect', async (t) => {
  const tensors = new Map<string, Tensor>([['w', { type: 'F64', shape: [1], data: Float64Array.of(1) }]]);
  const reader = await open(join(encodeTensors({ tensors, metadata: new Map([['k', 'v']]) })));
  t.is(reader.tensors.get('w')!.offset % 8, 0);
});

test('names of Object.prototype are ordinary names', async (t) => {
  const header =
    '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"toString":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}';
  const { tensors } = await open(file(header, [7, 8]));
  t.deepEqual([...tensors.keys()], ['__proto__', 'toString']);
  t.is(({} as { dtype?: string }).dtype, undefined);
});

const byte = '"dtype":"U8","shape":[1]';
const malformed: Record<string, [Uint8Array, RegExp]> = {
  'an empty file': [new Uint8Array(0), /file size is 0/],
  'a file shorter than its length field': [new Uint8Array(7), /file size is 7/],
  'a header longer than the file': [file('{}', [], 3n), /header length is 3n; expected at most 2/],
  'a header length near 2^64': [file('{}', [], 2n ** 64n - 1n), /header length/],
  'a header that is not UTF-8': [raw([0x22, 0xff, 0x22]), /not UTF-8/],
  'a header that is not JSON': [file('{"a":'), /header is/],
  'a header that is a list': [file('[]'), /expected a JSON object/],
  'a header that is null': [file('null'), /expected a JSON object/],
  'metadata that is not an object': [file('{"__metadata__":"x"}'), /an object of strings/],
  'metadata with a number': [file('{"__metadata__":{"a":1}}'), /__metadata__\.a is 1/],
  'a tensor that is not an object': [file('{"a":[]}'), /tensor 'a' is \[\]/],
  'an unknown dtype': [file('{"a":{"dtype":"F7","shape":[],"data_offsets":[0,1]}}', [0]), /one of F64, F32/],
  'the dtype __proto__': [file('{"a":{"dtype":"__proto__","shape":[],"data_offsets":[0,1]}}', [0]), /dtype/],
  'a missing shape': [file('{"a":{"dtype":"U8","data_offsets":[0,1]}}', [0]), /shape is missing/],
  'a negative extent': [file('{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}', [0]), /shape/],
  'a fractional extent': [file('{"a":{"dtype":"U8","shape":[0.5],"data_offsets":[0,1]}}', [0]), /shape/],
  'an extent beyond exact numbers': [
    file('{"a":{"dtype":"U8","shape":[9007199254740993],"data_offsets":[0,1]}}', [0]),
    /shape/,
  ],
  'a shape whose product overflows': [
    file('{"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,4]}}', [0, 0, 0, 0]),
    /as its shape says/,
  ],
  'a shape that needs more than its range': [
    file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', [0, 0, 0, 0]),
    /range of 8 bytes/,
  ],
  'one offset': [file(`{"a":{${byte},"data_offsets":[0]}}`, [0]), /two whole numbers/],
  'offsets in reverse': [
    file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[1,0]}}', [0]),
    /range of 0 bytes/,
  ],
  'a range past the end': [
    file(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, [0]),
    /within the 1 data bytes/,
  ],
  'a hole before the data': [file(`{"a":{${byte},"data_offsets":[1,2]}}`, [0, 0]), /begins at 0/],
  'a hole between tensors': [
    file(`{"a":{${byte},"data_offsets":[0,1]},"b":{${byte},"data_offsets":[2,3]}}`, [0, 0, 0]),
    /begins at 1/,
  ],
  'an overlap': [
    file(`{"a":{${byte},"data_offsets":[0,1]},"b":{${byte},"data_offsets":[0,1]}}`, [0]),
    /begins at 1/,
  ],
  'data that no tensor owns': [
    file(`{"a":{${byte},"data_offsets":[0,1]}}`, [0, 0]),
    /data size is 2; expected 1 bytes/,
  ],
  'a tensor name that occurs twice': [
    file(`{"a":{${byte},"data_offsets":[0,1]},"\\u0061":{${byte},"data_offsets":[0,1]}}`, [0]),
    /name is "a"; expected a name that occurs once/,
  ],
  'a metadata name that occurs twice': [file('{"__metadata__":{"a":"x","a":"y"}}'), /occurs once/],
  'a header nested a million deep': [file('['.repeat(1_000_000)), /header is/],
};

for (const [name, [bytes, message]] of Object.entries(malformed)) {
  test(`refuses ${name}`, async (t) => {
    const error = await t.throwsAsync(open(bytes), { instanceOf: SynfireError, message });
    t.is(error?.code, 'ERR_SYNFIRE_CHECKPOINT');
    t.truthy(error?.field);
    t.truthy(error?.expected);
  });
}

test('every truncation of a valid file is refused', async (t) => {
  const tensors = new Map<string, Tensor>([['w', { type: 'F32', shape: [2], data: Float32Array.of(1, 2) }]]);
  const bytes = join(encodeTensors({ tensors, metadata: new Map([['k', 'v']]) }));
  for (let length = 0; length < bytes.length; length += 1) {
    await t.throwsAsync(open(bytes.slice(0, length)), { instanceOf: SynfireError });
  }
});

test('a tensor whose shape and data disagree is not written', (t) => {
  const tensors = new Map<string, Tensor>([['w', { type: 'F32', shape: [3], data: Float32Array.of(1, 2) }]]);
  t.throws(() => join(encodeTensors({ tensors, metadata: new Map() })), { message: /a shape of 2 elements/ });
});

test('a file that becomes shorter while it is read is an error', async (t) => {
  const tensors = new Map<string, Tensor>([['w', { type: 'F32', shape: [2], data: Float32Array.of(1, 2) }]]);
  const bytes = join(encodeTensors({ tensors, metadata: new Map() }));
  let left = bytes;
  const reader = await TensorReader.open({
    name: 'file',
    size: bytes.length,
    read: (...to) => bytesInMemory(left).read(...to),
  });
  left = bytes.slice(0, -1);
  await t.throwsAsync(reader.read('w', new Float32Array(2)), { message: /became shorter/ });
  await t.throwsAsync(reader.read('w', new Float32Array(3)), { message: /3 elements/ });
  await t.throwsAsync(reader.read('v', new Float32Array(2)), { message: /tensor 'v' is missing/ });
});

function open(bytes: Uint8Array): Promise<TensorReader> {
  return TensorReader.open(bytesInMemory(bytes));
}

async function readAll(bytes: Uint8Array): Promise<TensorFile> {
  const reader = await open(bytes);
  const tensors = new Map<string, Tensor>();
  for (const name of reader.tensors.keys()) tensors.set(name, (await reader.load(name))!);
  return { tensors, metadata: new Map(reader.metadata) };
}

function join(chunks: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat([...chunks])).slice();
}

function file(header: string, data: number[] = [], length?: bigint): Uint8Array {
  return raw([...Buffer.from(header)], data, length);
}

function raw(header: number[], data: number[] = [], length = BigInt(header.length)): Uint8Array {
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, length, true);
  return new Uint8Array([...prefix, ...header, ...data]);
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
