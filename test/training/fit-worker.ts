// A worker thread that trains a network and reports the result.
import { parentPort } from 'node:worker_threads';
import { fit } from '../../lib/training/fit.ts';
import { bits, smallData, smallNetwork } from './small.ts';

const network = smallNetwork();
const { history } = await fit(network, smallData(100), { epochs: 2, batchSize: 16, threads: 2 });
parentPort?.postMessage({ epochs: history.length, bits: bits(network) });
