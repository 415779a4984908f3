// Recordings in folders named after their classes, as N-MNIST has them: Train/0/00002.bin and so on.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SynfireError, show } from '../../errors.ts';
import { formatOf, readSpikeTrains } from './reading.ts';
import type { ReadSpikeOptions, SpikeTrains } from './spikes.ts';

/** A recording and its class. */
export interface LabelledFile {
  path: string;
  label: number;
}

export interface LabelledSpikeTrains extends SpikeTrains, LabelledFile {}

/**
 * The spike train files in the folders 0, 1, 2 ... of `folder`, by label and then by name. Other files and
 * folders are passed over. Throws ERR_SYNFIRE_DATA_MISSING when there are none.
 */
export async function listLabelledFiles(folder: string): Promise<LabelledFile[]> {
  const labels = (await entriesOf(folder)).filter((name) => /^(0|[1-9]\d{0,8})$/.test(name)).map(Number);
  const files: LabelledFile[] = [];
  for (const label of labels.sort((a, b) => a - b)) {
    const names = await entriesOf(join(folder, String(label)));
    for (const name of names.sort()) {
      if (formatOf(name) !== undefined) files.push({ path: join(folder, String(label), name), label });
    }
  }
  if (files.length > 0) return files;
  const expected = 'folders 0, 1, 2 ... with spike train files';
  const message = `There are no recordings in ${show(folder)}; expected ${expected}`;
  throw new SynfireError('ERR_SYNFIRE_DATA_MISSING', message, { field: 'path', value: folder, expected });
}

/**
 * Reads recordings one by one, in the order given; none before it is asked for. Options and errors as for
 * `readSpikeTrains`.
 */
export async function* readLabelledSpikeTrains(
  files: Iterable<LabelledFile>,
  options: ReadSpikeOptions = {},
): AsyncGenerator<LabelledSpikeTrains> {
  for (const { path, label } of files) yield { ...(await readSpikeTrains(path, options)), path, label };
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    throw new SynfireError(
      code === 'ENOENT' ? 'ERR_SYNFIRE_DATA_MISSING' : 'ERR_SYNFIRE_IO',
      `Cannot list ${show(folder)}: ${code}`,
      { field: 'path', value: folder, expected: 'a readable folder', cause },
    );
  }
}
