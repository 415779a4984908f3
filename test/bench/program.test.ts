// The command line of the benchmarks.
import test from 'ava';
import { createProgram } from '../../bench/program.ts';

/** The options of a command, read but not acted upon. */
function read(command: string, ...args: string[]): Record<string, unknown> {
  const found = createProgram().commands.find((candidate) => candidate.name() === command)!;
  found.parseOptions(args);
  return found.opts();
}

test('there is a command for each benchmark', (t) => {
  const names = createProgram().commands.map((command) => command.name());
  const layers = ['conv-snn', 'latency', 'event-loop', 'memory'];
  t.deepEqual(names, [...layers, 'cuba', 'brunel', 'diehl-cook', 'spatial']);
});

test('conv-snn measures both ways of learning with one and two threads unless told otherwise', (t) => {
  const { mode, batch, threads, rounds, infer } = read('conv-snn');
  t.deepEqual(
    { mode, batch, threads, rounds },
    { mode: ['rate', 'bptt'], batch: [64], threads: [1, 2], rounds: 5 },
  );
  t.is(infer, undefined);
});

test('lists are separated by commas', (t) => {
  const options = read(
    'conv-snn',
    '--mode',
    'bptt',
    '--batch',
    '16,64, 256',
    '--threads',
    '2',
    '--infer',
    '--no-peer',
  );
  t.like(options, {
    mode: ['bptt'],
    batch: [16, 64, 256],
    threads: [2],
    infer: true,
    peer: false,
    bf16: true,
  });
});

test('event networks are static, with one delay, beside all that is found, unless told otherwise', (t) => {
  const defaults = { threads: [1, 2], rounds: 5, bare: true };
  for (const name of ['cuba', 'brunel']) {
    const { stdp, het, brian2, ...options } = read(name);
    t.like(options, defaults);
    t.deepEqual({ stdp, het, brian2 }, { stdp: undefined, het: undefined, brian2: undefined });
  }
  const options = read('cuba', '--stdp', '--het', '--no-bare', '--brian2', '--duration', '500');
  t.like(options, { stdp: true, het: true, bare: false, brian2: true, duration: 500 });
  t.like(read('diehl-cook', '--images', '20', '--no-brian2'), { ...defaults, images: 20, brian2: false });
});

test('values out of range are refused with what would be valid', (t) => {
  const code = 'ERR_SYNFIRE_INVALID_ARGUMENT';
  t.like(
    t.throws(() => read('conv-snn', '--mode', 'rates')),
    { code, field: '--mode', value: 'rates' },
  );
  t.like(
    t.throws(() => read('conv-snn', '--batch', '64,0')),
    { code, field: '--batch' },
  );
  t.like(
    t.throws(() => read('latency', '--calls', '5')),
    { code, field: '--calls' },
  );
});
