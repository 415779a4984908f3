// Downloads files over HTTP: several mirrors, resumed after a cut, checked by SHA-256, put in place
// atomically.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SynfireError } from '../errors.ts';
import { limited, type ReportProgress } from './progress.ts';

export interface RemoteFile {
  name: string;
  bytes: number;
  /** Of the file as it is sent, in hexadecimal. */
  sha256: string;
}

export interface DownloadOptions {
  /**
   * Stops the download; the promise rejects with the signal's reason, and a later call goes on from there.
   */
  signal?: AbortSignal | undefined;
  onProgress?: ReportProgress | undefined;
  /** Longest wait for the next bytes. Default 30 s. */
  timeoutMs?: number | undefined;
}

const attemptsPerMirror = 3;

/**
 * Downloads `file` into `folder` from the first of `mirrors` (addresses of folders, ending in /) that
 * delivers it. What has arrived stays in a .part file and is not asked for again. Throws ERR_SYNFIRE_DOWNLOAD
 * with the failure of every mirror, and ERR_SYNFIRE_IO when the folder cannot be written.
 */
export async function download(
  file: RemoteFile,
  mirrors: readonly string[],
  folder: string,
  options: DownloadOptions = {},
): Promise<void> {
  const part = join(folder, `${file.name}.part`);
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  const failures: string[] = [];
  for (const mirror of mirrors) {
    const url = new URL(file.name, mirror).href;
    try {
      await transferWithRetries(url, part, file, options);
      await verify(part, file);
      await onDisk(folder, () => rename(part, join(folder, file.name)));
      return;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof SynfireError) throw error;
      failures.push(`${url}: ${reasonOf(error)}`);
    }
  }
  throw new SynfireError(
    'ERR_SYNFIRE_DOWNLOAD',
    `Cannot download ${file.name}:\n  ${failures.join('\n  ')}`,
    {
      field: 'download',
      value: file.name,
      expected: 'one mirror that delivers the file',
    },
  );
}

/** Goes on after a cut as long as each attempt brings something. */
async function transferWithRetries(
  url: string,
  part: string,
  file: RemoteFile,
  options: DownloadOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const before = await sizeOf(part);
    try {
      return await transfer(url, part, before, file, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (error instanceof SynfireError || attempt === attemptsPerMirror) throw error;
      if ((await sizeOf(part)) <= before) throw error;
    }
  }
}

async function transfer(
  url: string,
  part: string,
  have: number,
  file: RemoteFile,
  options: DownloadOptions,
): Promise<void> {
  if (have === file.bytes) return;
  const watch = new Watch(options);
  try {
    const response = await request(url, have < file.bytes ? have : 0, watch.signal);
    await save(response, part, file, watch, limited(options.onProgress));
  } catch (error) {
    throw watch.reason ?? error;
  } finally {
    watch.stop();
  }
}

/** Asks for the file from byte `from` on; the answer may still be the whole file. */
async function request(url: string, from: number, signal: AbortSignal): Promise<Response> {
  // Bytes are counted and checked as they are sent, so no further encoding.
  const headers = { 'accept-encoding': 'identity', ...(from > 0 && { range: `bytes=${from}-` }) };
  const response = await fetch(url, { headers, signal });
  if (response.status === 200 || (response.status === 206 && from > 0)) return response;
  await response.body?.cancel();
  throw new Error(`HTTP status ${response.status}`);
}

async function save(
  response: Response,
  part: string,
  file: RemoteFile,
  watch: Watch,
  report: ReportProgress,
): Promise<void> {
  let position = response.status === 206 ? rangeStart(response) : 0;
  const length = response.headers.get('content-length');
  if (length !== null && position + Number(length) !== file.bytes) {
    await response.body?.cancel();
    throw new Error(`the file has ${position + Number(length)} bytes, expected ${file.bytes}`);
  }
  const target = await onDisk(part, () => open(part, position > 0 ? 'r+' : 'w'));
  try {
    for await (const chunk of response.body ?? []) {
      watch.reset();
      if (position + chunk.length > file.bytes)
        throw new Error(`the file is longer than ${file.bytes} bytes`);
      await onDisk(part, () => target.write(chunk, 0, chunk.length, position));
      position += chunk.length;
      report({ phase: 'download', file: file.name, done: position, total: file.bytes });
    }
  } finally {
    await target.close();
  }
  if (position < file.bytes) throw new Error(`the connection ended after ${position} of ${file.bytes} bytes`);
}

function rangeStart(response: Response): number {
  const range = response.headers.get('content-range') ?? '';
  const start = /^bytes (\d+)-/.exec(range)?.[1];
  if (start === undefined) throw new Error(`the header content-range is ${JSON.stringify(range)}`);
  return Number(start);
}

async function verify(part: string, file: RemoteFile): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(part)) hash.update(chunk);
  const found = hash.digest('hex');
  if (found === file.sha256) return;
  await rm(part, { force: true });
  throw new Error(`its SHA-256 is ${found}, expected ${file.sha256}`);
}

/** Ends a request when no bytes arrive for a while or the caller wants no more. */
class Watch {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor({ signal, timeoutMs = 30_000 }: DownloadOptions) {
    this.#timeoutMs = timeoutMs;
    this.signal = signal ? AbortSignal.any([signal, this.#controller.signal]) : this.#controller.signal;
    this.reset();
  }

  /** Why the request was ended, if it was. */
  get reason(): unknown {
    return this.signal.aborted ? this.signal.reason : undefined;
  }

  reset(): void {
    clearTimeout(this.#timer);
    const error = new Error(`no data for ${this.#timeoutMs} ms`);
    this.#timer = setTimeout(() => this.#controller.abort(error), this.#timeoutMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

async function sizeOf(path: string): Promise<number> {
  const status = await stat(path).catch(() => undefined);
  return status?.size ?? 0;
}

async function onDisk<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new SynfireError('ERR_SYNFIRE_IO', `Cannot write ${path}: ${reasonOf(error)}`, {
      ...{ field: 'path', value: path, expected: 'a writable place' },
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return reasonOf(cause);
  return 'code' in error && !error.message.includes(String(error.code))
    ? `${error.code} ${error.message}`
    : error.message;
}
