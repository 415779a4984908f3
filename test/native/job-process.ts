// Starts long jobs in a process or worker of its own; the first argument says how it ends: 'wait' to be terminated,
// 'exit' by process.exit in the middle, 'natural' by having nothing left to do but the job.

import { parentPort, workerData } from 'node:worker_threads';
import { drawDigits, emptyDigits, longJobSamples } from './long-job.ts';

const ending: string = workerData ?? process.argv[2];
const samples = ending === 'natural' ? 2000 : longJobSamples;

function onProgress(): void {
  parentPort?.postMessage('running');
  if (ending === 'exit') process.exit(7);
}

drawDigits(emptyDigits(samples), { onProgress }).then(() => console.log('job done'));
drawDigits(emptyDigits(samples));
