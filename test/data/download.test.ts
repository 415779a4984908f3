// Downloads against mirrors on this machine: cuts, resuming, wrong content, silence, and all mirrors failing.

import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { download, type RemoteFile } from '../../lib/data/download.ts';
import type { DataProgress } from '../../lib/data/index.ts';
import { SynfireError } from '../../lib/errors.ts';
import { temporaryFolder } from './array-bytes.ts';
import { type Answer, cuttingOff, type Mirror, serving, startMirror } from './file-server.ts';

const content = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 13) % 255));
const file: RemoteFile = {
  name: 'file.gz',
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
};
const good = serving({ 'file.gz': content });

async function mirrors(t: ExecutionContext, ...answers: Answer[]): Promise<Mirror[]> {
  const started = await Promise.all(answers.map(startMirror));
  t.teardown(async () => {
    await Promise.all(started.map((mirror) => mirror.close()));
  });
  return started;
}

const urls = (list: Mirror[]) => list.map((mirror) => mirror.url);

async function isComplete(folder: string): Promise<boolean> {
  return (
    (await readdir(folder)).join() === 'file.gz' && content.equals(await readFile(join(folder, 'file.gz')))
  );
}

test('a file arrives, with progress, and leaves no part behind', async (t) => {
  const [mirror] = await mirrors(t, good);
  const folder = join(await temporaryFolder(), 'new', 'folder');
  const reports: DataProgress[] = [];
  await download(file, [mirror!.url], folder, { onProgress: (progress) => reports.push(progress) });
  t.true(await isComplete(folder));
  t.deepEqual(reports.at(-1), { phase: 'download', file: 'file.gz', done: 300_000, total: 300_000 });
});

test('a cut connection is resumed where it ended, on the same mirror', async (t) => {
  let first = true;
  const [mirror] = await mirrors(t, (request, response) => {
    const answer = first ? cuttingOff(content, 100_000) : good;
    first = false;
    answer(request, response);
  });
  const folder = await temporaryFolder();
  await download(file, [mirror!.url], folder);
  t.true(await isComplete(folder));
  t.is(mirror!.requests.length, 2);
  t.regex(mirror!.requests[1]!.range ?? '', /^bytes=[1-9]\d*-$/);
});

test('the next mirror goes on where the last one failed', async (t) => {
  let tries = 0;
  const list = await mirrors(
    t,
    (request, response) => {
      if (++tries === 1) cuttingOff(content, 50_000)(request, response);
      else response.writeHead(503).end();
    },
    good,
  );
  const folder = await temporaryFolder();
  await download(file, urls(list), folder);
  t.true(await isComplete(folder));
  t.is(list[1]!.requests.length, 1);
  t.regex(list[1]!.requests[0]!.range ?? '', /^bytes=[1-9]\d*-$/);
});

test('a part from an earlier try is used', async (t) => {
  const [mirror] = await mirrors(t, good);
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'file.gz.part'), content.subarray(0, 1234));
  await download(file, [mirror!.url], folder);
  t.true(await isComplete(folder));
  t.deepEqual(
    mirror!.requests.map(({ range }) => range),
    ['bytes=1234-'],
  );
});

test('a complete part is checked without asking again', async (t) => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'file.gz.part'), content);
  await download(file, ['http://127.0.0.1:9/'], folder);
  t.true(await isComplete(folder));
});

test('a server that ignores ranges sends the whole file again', async (t) => {
  const [mirror] = await mirrors(t, (_request, response) => response.writeHead(200).end(content));
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'file.gz.part'), Buffer.alloc(5000, 1));
  await download(file, [mirror!.url], folder);
  t.true(await isComplete(folder));
});

test('a part that is wrong or too long is thrown away', async (t) => {
  for (const size of [5000, 300_000, 400_000]) {
    const list = await mirrors(t, good, good);
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file.gz.part'), Buffer.alloc(size, 1));
    await download(file, urls(list), folder);
    t.true(await isComplete(folder));
  }
});

test('wrong content is refused and the next mirror asked', async (t) => {
  const wrong = Buffer.from(content).fill(0, 77, 78);
  const list = await mirrors(t, serving({ 'file.gz': wrong }), good);
  const folder = await temporaryFolder();
  await download(file, urls(list), folder);
  t.true(await isComplete(folder));
});

/** Mirrors that never deliver the file, and what the error says about them. */
const bad: Record<string, [Answer, RegExp]> = {
  'a missing file': [serving({}), /HTTP status 404/],
  'wrong content': [
    serving({ 'file.gz': Buffer.from(content).fill(0, 0, 9) }),
    /SHA-256 is [0-9a-f]{64}, expected/,
  ],
  'a page instead of the file': [
    serving({ 'file.gz': Buffer.from('<html>') }),
    /has 6 bytes, expected 300000/,
  ],
  'a longer file': [serving({ 'file.gz': Buffer.concat([content, content]) }), /has 600000 bytes/],
  'an endless file': [
    (_request, response) => {
      response.on('error', () => {});
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(100_000)));
        response.once('drain', more);
      };
      more();
    },
    /longer than 300000 bytes|SHA-256/,
  ],
  'a connection that always ends early': [cuttingOff(content, 1000), /.+/],
  'silence before the answer': [() => {}, /no data for 1000 ms/],
  'silence within the file': [
    (_request, response) => {
      response.writeHead(200).write(content.subarray(0, 10));
    },
    /no data for 1000 ms/,
  ],
};

for (const [what, [answer, message]] of Object.entries(bad)) {
  test(`${what} fails with a reason`, async (t) => {
    const [mirror] = await mirrors(t, answer);
    const folder = await temporaryFolder();
    const error = await t.throwsAsync(
      download(file, [mirror!.url], folder, what.startsWith('silence') ? { timeoutMs: 1000 } : {}),
      {
        instanceOf: SynfireError,
        message,
      },
    );
    t.is(error.code, 'ERR_SYNFIRE_DOWNLOAD');
    t.true(error.message.includes(`${mirror!.url}file.gz: `));
    t.false((await readdir(folder)).includes('file.gz'));
  });
}

test('an answer that is not the range asked for is refused', async (t) => {
  const [mirror] = await mirrors(t, (_request, response) => response.writeHead(206).end(content));
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'file.gz.part'), content.subarray(0, 1000));
  await t.throwsAsync(download(file, [mirror!.url], folder), { message: /content-range is ""/ });
  t.is((await readFile(join(folder, 'file.gz.part'))).length, 1000);
});

test('the failure of every mirror is listed', async (t) => {
  const list = await mirrors(t, serving({}), (_request, response) => response.destroy());
  const all = [...urls(list), 'http://127.0.0.1:9/nobody/'];
  const error = await t.throwsAsync(download(file, all, await temporaryFolder()), {
    instanceOf: SynfireError,
  });
  for (const url of all) t.true(error.message.includes(url), error.message);
  t.regex(error.message, /404/);
});

test('an aborted download rejects with the reason and keeps what it has', async (t) => {
  const [slow] = await mirrors(t, (_request, response) => {
    response.writeHead(200).write(content.subarray(0, 1000));
  });
  const folder = await temporaryFolder();
  const controller = new AbortController();
  const reason = new Error('changed my mind');
  const onProgress = () => controller.abort(reason);
  const error = await t.throwsAsync(
    download(file, [slow!.url], folder, { signal: controller.signal, onProgress }),
  );
  t.is(error, reason);
  t.deepEqual(await readFile(join(folder, 'file.gz.part')), content.subarray(0, 1000));
});

test('a folder that cannot be written is not the mirrors’ fault', async (t) => {
  const [mirror] = await mirrors(t, good);
  const folder = join(await temporaryFolder(), 'file');
  await writeFile(folder, 'in the way');
  const error = await t.throwsAsync(download(file, [mirror!.url], folder), { instanceOf: SynfireError });
  t.is(error.code, 'ERR_SYNFIRE_IO');
  t.is(mirror!.requests.length, 0);
});
