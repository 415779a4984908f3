// Finding the addon, choosing instruction sets, and what native errors look like.

import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { SynfireError } from '../../lib/errors.ts';
import { callNative, native, packageVersion } from '../../lib/native/index.ts';

const door = new URL('../../lib/native/index.js', import.meta.url).href;

/** What `cpu()` gives in a process with this environment: the description, or the error. */
async function cpuOfProcess(
  env: Record<string, string>,
): Promise<{ isa?: string; error?: Partial<SynfireError> }> {
  const code = `
    import { callNative, native } from ${JSON.stringify(door)};
    try {
      console.log(JSON.stringify(callNative(() => native().cpu())));
    } catch (error) {
      const { code, field, value, expected, message } = error;
      console.log(JSON.stringify({ error: { code, field, value, expected, message } }));
    }`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
    env: { ...process.env, ...env },
  });
  return JSON.parse(stdout);
}

test('the addon is of this version and describes the processor', (t) => {
  const cpu = native().cpu();
  t.is(native().version, packageVersion());
  t.is(cpu.supported[0], 'base');
  t.true(cpu.supported.includes(cpu.isa));
  t.true(cpu.hardwareThreads >= 1);
  t.is(native(), native());
});

test('SYNFIRE_ISA lowers the instruction set', async (t) => {
  for (const isa of native().cpu().supported) t.is((await cpuOfProcess({ SYNFIRE_ISA: isa })).isa, isa);
});

test('an unknown SYNFIRE_ISA names the valid ones', async (t) => {
  const { error } = await cpuOfProcess({ SYNFIRE_ISA: 'mmx' });
  t.like(error, { code: 'ERR_SYNFIRE_INVALID_ARGUMENT', field: 'SYNFIRE_ISA' });
  t.regex(error?.message ?? '', /^SYNFIRE_ISA is "mmx"; expected one of base/);
});

test('a missing addon is a SynfireError with concrete hints', async (t) => {
  const empty = await mkdtemp(join(tmpdir(), 'synfire-'));
  const { error } = await cpuOfProcess({ SYNFIRE_PREBUILD: empty });
  t.is(error?.code, 'ERR_SYNFIRE_NATIVE_MISSING');
  t.regex(error?.message ?? '', new RegExp(`${process.platform}-${process.arch}`));
  t.regex(error?.message ?? '', /node-gyp@12 rebuild/);
});

test('a native error carries code, field, value and expectation', (t) => {
  const shape = [1, 28] as never;
  const error = t.throws(
    () => callNative(() => new (native().Dataset)({ shape, samples: 1, classes: 0, targets: 0 })),
    { instanceOf: SynfireError },
  );
  t.is(error?.code, 'ERR_SYNFIRE_INVALID_ARGUMENT');
  t.is(error?.field, 'shape');
  t.is(error?.value, shape);
  t.is(error?.expected, 'a list of 3 values');
  t.is(error?.message, 'shape is a list of 2 values; expected a list of 3 values');
});

test("errors that are not the addon's pass unchanged", (t) => {
  const error = new TypeError('mine');
  t.is(
    t.throws(() =>
      callNative(() => {
        throw error;
      }),
    ),
    error,
  );
});
