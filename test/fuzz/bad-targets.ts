// Targets that misbehave in every way the fuzzer must notice.

import { SynfireError } from '../../lib/errors.ts';
import type { FuzzTarget } from './target.ts';

/** Misbehaves at every tenth input. */
function misbehaving(name: string, misbehave: () => void): FuzzTarget {
  let inputs = 0;
  return {
    name,
    seeds: () => [Uint8Array.of(1, 2, 3, 4)],
    run() {
      if (++inputs % 10 === 0) misbehave();
      throw new SynfireError('ERR_SYNFIRE_DATA_FORMAT', 'refused');
    },
  };
}

export const targets: FuzzTarget[] = [
  misbehaving('good', () => {}),
  misbehaving('wrong-error', () => {
    throw new TypeError('no SynfireError');
  }),
  misbehaving('crash', () => process.abort()),
  misbehaving('hang', () => {
    for (;;);
  }),
  misbehaving('memory', () => {
    Buffer.alloc(400 * 2 ** 20, 1);
  }),
];
