// Fuzz target: NPY files, as arrays, samples and labels. Whatever they hold, it is data or
// ERR_SYNFIRE_DATA_FORMAT.

import { gzipSync } from 'node:zlib';
import { readNpy, writeNpy } from '../../../lib/data/index.ts';
import { npyBytes } from '../../data/array-bytes.ts';
import { readEveryWay } from './array-inputs.ts';

const counting = (length: number) => Uint8Array.from({ length }, (_, i) => i % 256);
const images = writeNpy(counting(72), [6, 4, 3]);

export const npy = {
  name: 'npy',

  seeds(): Uint8Array[] {
    return [
      images,
      gzipSync(images),
      writeNpy(BigInt64Array.of(0n, 1n, 2n, 3n, 2n, 1n)),
      writeNpy(Int32Array.of(0, 1, 2, 3, 2, 1), [6, 1]),
      writeNpy(Float32Array.of(0, 0.5, 1, 0.25, 0, 1), [2, 3]),
      writeNpy(Float64Array.of(0, 0.5, 1, 0.25, 0, 1), [2, 1, 3]),
      npyBytes("{'descr': '>f8', 'fortran_order': False, 'shape': (1, 1), }", new Uint8Array(8)),
      npyBytes("{'descr': '|b1', 'fortran_order': True, 'shape': (4L,)}", Uint8Array.of(0, 1, 1, 0), 2),
      npyBytes("{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': ()}", Uint8Array.of(1), 3),
    ];
  },

  run(bytes: Uint8Array): Promise<void> {
    return readEveryWay(bytes, readNpy, images);
  },
};
