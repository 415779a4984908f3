// Replacing files: the old contents stay until the new ones are complete, and nothing is left behind.
import { link, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { linkFileAtomic, removeLeftovers, writeFileAtomic } from '../../lib/checkpoints/atomic.ts';
import { SynfireError } from '../../lib/errors.ts';

test('the chunks replace the file in order, in folders made on the way', async (t) => {
  const path = join(await folder(t), 'a', 'b', 'file');
  await writeFileAtomic(path, [Buffer.from('old')]);
  await writeFileAtomic(path, [Buffer.from('ne'), Buffer.from('w')]);
  t.is(await readFile(path, 'utf8'), 'new');
  t.deepEqual(await readdir(join(path, '..')), ['file']);
});

test('a failure while writing keeps the previous file and removes the temporary one', async (t) => {
  const at = await folder(t);
  const path = join(at, 'file');
  await writeFileAtomic(path, [Buffer.from('old')]);
  function* failing(): Generator<Uint8Array> {
    yield Buffer.from('half');
    throw new Error('no more');
  }
  const error = await t.throwsAsync(writeFileAtomic(path, failing()), {
    instanceOf: SynfireError,
    message: /no more/,
  });
  t.is(error?.code, 'ERR_SYNFIRE_IO');
  t.is(error?.value, path);
  t.is(await readFile(path, 'utf8'), 'old');
  t.deepEqual(await readdir(at), ['file']);
});

test('a target that cannot be replaced is an error that names it', async (t) => {
  const at = await folder(t);
  await writeFileAtomic(join(at, 'taken', 'inside'), [Buffer.from('x')]);
  const error = await t.throwsAsync(writeFileAtomic(join(at, 'taken'), [Buffer.from('y')]), {
    instanceOf: SynfireError,
  });
  t.is(error?.value, join(at, 'taken'));
  t.deepEqual(await readdir(at), ['taken']);
});

test('a linked name shares the contents and outlives the replacement of the original', async (t) => {
  const at = await folder(t);
  await writeFileAtomic(join(at, 'latest'), [Buffer.from('one')]);
  await linkFileAtomic(join(at, 'latest'), join(at, 'best'));
  t.is((await stat(join(at, 'best'))).ino, (await stat(join(at, 'latest'))).ino);
  await writeFileAtomic(join(at, 'latest'), [Buffer.from('two')]);
  t.is(await readFile(join(at, 'best'), 'utf8'), 'one');
  await linkFileAtomic(join(at, 'latest'), join(at, 'best'));
  t.is(await readFile(join(at, 'best'), 'utf8'), 'two');
  t.deepEqual((await readdir(at)).sort(), ['best', 'latest']);
});

test('a link onto itself keeps the file and leaves nothing behind', async (t) => {
  const at = await folder(t);
  await writeFileAtomic(join(at, 'latest'), [Buffer.from('one')]);
  await link(join(at, 'latest'), join(at, 'best'));
  await linkFileAtomic(join(at, 'latest'), join(at, 'best'));
  t.deepEqual((await readdir(at)).sort(), ['best', 'latest']);
});

test('leftovers of processes that ended are removed, those of running ones are not', async (t) => {
  const at = await folder(t);
  const names = [`.latest.${process.pid}-0123abcd.tmp`, '.latest.999999999-0123abcd.tmp', 'note.tmp'];
  for (const name of names) await writeFile(join(at, name), '');
  await removeLeftovers(at);
  t.deepEqual((await readdir(at)).sort(), [names[0], 'note.tmp']);
});

async function folder(t: ExecutionContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'synfire-atomic-'));
  t.teardown(() => rm(path, { recursive: true, force: true }));
  return path;
}
