// What the targets for array files have in common.

import { gzipSync } from 'node:zlib';
import { readDataset } from '../../../lib/data/index.ts';
import { SynfireError } from '../../../lib/errors.ts';

/**
 * Reads the bytes as an array, as samples and as labels, plain and packed. Throws when every way is refused.
 */
export async function readEveryWay(
  bytes: Uint8Array,
  readArray: (bytes: Uint8Array) => Promise<unknown>,
  samples: Uint8Array,
): Promise<void> {
  const refusals: (SynfireError | undefined)[] = [];
  for (const form of [bytes, gzipSync(bytes, { level: 1 })]) {
    refusals.push(
      await refusalOf(readArray(form)),
      await refusalOf(readDataset({ samples: form, normalisation: 'minMax' })),
      await refusalOf(readDataset({ samples, labels: form })),
    );
  }
  if (!refusals.includes(undefined)) throw refusals[0];
}

/** The error of malformed data, or undefined when they were read. */
async function refusalOf(reading: Promise<unknown>): Promise<SynfireError | undefined> {
  try {
    await reading;
    return undefined;
  } catch (error) {
    if (error instanceof SynfireError && error.code === 'ERR_SYNFIRE_DATA_FORMAT') return error;
    throw error;
  }
}
