// The process in which inputs run: it may crash or hang, and main.ts tells at which input.
//
// Arguments: target list, target, seed, first index, number of inputs, position file, memory limit in bytes.
// Before every input its index goes into the position file; finds go to the parent as messages.

import { openSync, writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { SynfireError } from '../../lib/errors.ts';
import { makeInput } from './mutate.ts';
import type { FuzzTarget } from './target.ts';

export type WorkerMessage =
  | { kind: 'ready' }
  | { kind: 'error'; index: number; text: string }
  | { kind: 'memory'; index: number; text: string }
  | { kind: 'done'; refused: number };

const [list, name, seed, first, count, positionFile, memoryLimit] = process.argv.slice(2) as [
  string,
  string,
  ...string[],
];
const { targets } = (await import(pathToFileURL(list).href)) as { targets: FuzzTarget[] };
const target = targets.find((candidate) => candidate.name === name)!;
const seeds = await target.seeds();
const position = openSync(positionFile!, 'r+');
const word = new Float64Array(1);
let refused = 0;
send({ kind: 'ready' });

for (let index = Number(first); index < Number(first) + Number(count); index++) {
  word[0] = index;
  writeSync(position, word, 0, 8, 0);
  await runOne(index);
  if (process.resourceUsage().maxRSS * 1024 > Number(memoryLimit)) {
    send({ kind: 'memory', index, text: `the process took ${process.resourceUsage().maxRSS} kB` });
    break; // the peak cannot be reset, so a new process goes on
  }
}
send({ kind: 'done', refused });
process.disconnect();

async function runOne(index: number): Promise<void> {
  try {
    await target.run(makeInput(seeds, Number(seed), name, index));
  } catch (error) {
    if (error instanceof SynfireError) refused++;
    else
      send({
        kind: 'error',
        index,
        text: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
  }
}

function send(message: WorkerMessage): void {
  process.send!(message);
}
