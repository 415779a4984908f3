// Fuzz target: IDX files, as arrays, samples and labels. Whatever they hold, it is data or
// ERR_SYNFIRE_DATA_FORMAT.

import { gzipSync } from 'node:zlib';
import { readIdx } from '../../../lib/data/index.ts';
import { idxBytes } from '../../data/array-bytes.ts';
import { readEveryWay } from './array-inputs.ts';

const counting = (length: number) => Uint8Array.from({ length }, (_, i) => i % 256);
const images = idxBytes([6, 4, 3], counting(72));
const labels = idxBytes([6], [0, 1, 2, 3, 2, 1]);

export const idx = {
  name: 'idx',

  seeds(): Uint8Array[] {
    return [
      images,
      labels,
      gzipSync(images),
      idxBytes([3, 2, 2, 2], counting(24)),
      idxBytes([4], [-1, 0, 1, 2], 0x09),
      idxBytes([2, 3], [1, 2, 3, 4, 5, 6], 0x0b),
      idxBytes([2, 3], [1, 2, 3, 4, 5, 6], 0x0c),
      idxBytes([2, 3], [0, 0.5, 1, 0.25, 0, 1], 0x0d),
      idxBytes([2, 3], [0, 0.5, 1, 0.25, 0, 1], 0x0e),
      idxBytes([0, 28, 28], []),
    ];
  },

  run(bytes: Uint8Array): Promise<void> {
    return readEveryWay(bytes, readIdx, images);
  },
};
