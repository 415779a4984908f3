// One turn of synfire on the Diehl & Cook network in a process of its own; prints a `SynfireTurn`.
import { EventNetwork } from '../lib/networks/event-network.ts';
import { readRequest } from './child.ts';
import { type BenchData, loadData } from './data.ts';
import { diehlCookInputs, diehlCookNetwork } from './event-networks.ts';
import { type SynfireTurn, synapseBytes } from './synfire-turn.ts';
import { cyclic } from './workload.ts';

export interface DiehlCookRequest {
  data: BenchData;
  /** Replicas, each on a thread of its own, merged after every image. */
  threads: number;
  /** Images of every replica that are measured, after `warmUpImages`. */
  images: number;
  warmUpImages: number;
  restMs: number;
  het: boolean;
}

const request = readRequest<DiehlCookRequest>();
const { threads, restMs } = request;
const { train } = await loadData(request.data);
const began = performance.now();
const network = new EventNetwork({ ...diehlCookNetwork(request), threads });
const replicas = network.replicas(threads);
const constructionMs = performance.now() - began;

/** Presents images in turn, each once. */
function present(first: number, count: number) {
  const indices = cyclic(first + count, train.samples).subarray(first);
  const protocol = { source: 'x', output: 'e', showMs: 350, restMs, intensity: 2, minSpikes: 0 };
  return replicas.presentImages(train, indices, {
    ...protocol,
    learn: true,
    counts: true,
    firstSample: first,
  });
}

const warmUp = request.warmUpImages * threads;
const images = request.images * threads;
await present(0, warmUp);
const started = performance.now();
const { batches, counts } = await present(warmUp, images);
const wallMs = performance.now() - started;
const excitatorySpikes = counts.reduce((sum, count) => sum + count, 0);
const delivered = batches.reduce((sum, { synapticEvents }) => sum + synapticEvents, 0);
const turn: SynfireTurn = {
  ...{ wallMs, constructionMs, ...synapseBytes(network) },
  work: images,
  // Every excitatory spike also changes the weights of all its inputs.
  events: delivered + excitatorySpikes * diehlCookInputs,
  activity: excitatorySpikes / images,
};
process.stdout.write(JSON.stringify(turn));
