// The fuzzer notices what it is there for, makes the same inputs again, and finds nothing in a short run.

import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { memoryIsTelling } from '../data/array-bytes.ts';
import { makeInput } from './mutate.ts';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const bad = fileURLToPath(new URL('./bad-targets.js', import.meta.url));

async function fuzz(...args: string[]) {
  const out = await mkdtemp(join(tmpdir(), 'synfire-finds-'));
  return new Promise<{ code: unknown; output: string; errors: string; out: string }>((resolve) => {
    execFile(process.execPath, [main, '--out', out, ...args], (error, output, errors) => {
      resolve({ code: error?.code ?? 0, output, errors, out });
    });
  });
}

test('a short run over all targets finds nothing', async (t) => {
  const { code, output, errors } = await fuzz(
    '--count',
    '1500',
    '--seed',
    '7',
    '--memory-mib',
    memoryIsTelling ? '512' : '4000',
  );
  t.is(code, 0, errors);
  t.regex(output, /1500 inputs, 0 finds/);
});

for (const [name, timeLimitMs, message] of [
  ['wrong-error', 5000, /wrong-error: error at input 9, kept in .*\n.*TypeError: no SynfireError/],
  ['crash', 5000, /crash: crash at input 9.*\n.*SIGABRT/],
  ['hang', 1000, /hang: hang at input 9.*\n.*not done after 1000 ms/],
  ['memory', 60_000, /memory: memory at input 9/],
] as const) {
  const measure = name === 'memory' && !memoryIsTelling ? test.skip : test;
  measure(`a target with a ${name} is found out`, async (t) => {
    const limits = ['--time-limit-ms', String(timeLimitMs), '--memory-mib', memoryIsTelling ? '300' : '4000'];
    const options = ['--targets', bad, '--target', name, '--count', '30', ...limits];
    const { code, output, errors, out } = await fuzz(...options, '--seed', '5');
    t.is(code, 1);
    t.regex(errors, message);
    t.regex(output, /30 inputs, 3 finds/);
    const kept = await readdir(out);
    t.true(kept.includes(`${name}-5-9.bin`));
    t.deepEqual(
      Buffer.from(await readFile(join(out, `${name}-5-9.bin`))),
      Buffer.from(makeInput([Uint8Array.of(1, 2, 3, 4)], 5, name, 9)),
    );
  });
}

test('a target that refuses everything is fine', async (t) => {
  const { code, output } = await fuzz('--targets', bad, '--target', 'good', '--count', '30');
  t.is(code, 0);
  t.regex(output, /good: 30 inputs, 30 refused, 0 finds/);
});

test('an unknown target is refused', async (t) => {
  const { code, errors } = await fuzz('--target', 'nothing');
  t.not(code, 0);
  t.regex(errors, /--target is nothing; expected one of/);
});

test('inputs differ from each other and depend on seed, target and number', (t) => {
  const seeds = [Buffer.from('some good input, 123'), Buffer.from('another, 456')];
  const inputs = Array.from({ length: 500 }, (_, i) =>
    Buffer.from(makeInput(seeds, 1, 'name', i)).toString('hex'),
  );
  t.true(new Set(inputs).size > 450);
  t.is(Buffer.from(makeInput(seeds, 1, 'name', 3)).toString('hex'), inputs[3]!);
  t.not(Buffer.from(makeInput(seeds, 2, 'name', 3)).toString('hex'), inputs[3]);
  t.not(Buffer.from(makeInput(seeds, 1, 'other', 3)).toString('hex'), inputs[3]);
});
