// Fuzz target: synapses in CSV. Whatever a file holds, it is lists of one length or an ERR_SYNFIRE_DATA_FORMAT.
import { gzipSync } from 'node:zlib';
import { readConnections } from '../../../lib/data/index.ts';
import { SynfireError } from '../../../lib/errors.ts';
import type { FuzzTarget } from '../target.ts';

const seeds = [
  'source,target,weight,delay_ms\n0,1,0.5,1.5\n4294967295,0,-1e-3,2\n',
  '# synapses\n\n0, 1\r\n2,3',
  '"Delay_ms",target,source\n1,2,3\n',
];

export const connections: FuzzTarget = {
  name: 'connections',
  seeds: () => [...seeds.map((text) => Buffer.from(text)), gzipSync(seeds[0]!)],

  async run(bytes) {
    const list = await readConnections(bytes, { format: 'csv' }).catch(unlessRefused);
    if (list === undefined) return;
    const { sources, targets, weights = [], delaysMs = [] } = list;
    const lengths = [targets, weights, delaysMs].map(({ length }) => length);
    if (lengths.some((length, index) => length !== sources.length && (index === 0 || length > 0))) {
      throw new Error(`lists of ${sources.length}, ${lengths.join(', ')}`);
    }
    if (![...weights, ...delaysMs].every(Number.isFinite)) throw new Error('a value that is not finite');
  },
};

function unlessRefused(error: unknown): undefined {
  if (error instanceof SynfireError && error.code === 'ERR_SYNFIRE_DATA_FORMAT') return undefined;
  throw error;
}
