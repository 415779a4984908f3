// One measurement of synfire in a process of its own, so that its peak memory is its own; prints a `Measured`.
import { peakMemoryBytes } from '../lib/monitoring/memory.ts';
import { readRequest } from './child.ts';
import { type BenchData, loadData } from './data.ts';
import type { Measured } from './peer.ts';
import type { Task } from './work.ts';
import { createTrainer, cyclic, settleSteps, trainedNetwork, type Workload } from './workload.ts';

export interface SynfireRequest extends Workload {
  task: Task;
  /** Steps that are measured. */
  steps: number;
  data: BenchData;
}

const request = readRequest<SynfireRequest>();
const { train: dataset } = await loadData(request.data);
const seconds = await (request.task === 'train' ? timeTraining() : timeInference());
const measured: Measured = { stepMs: (1000 * seconds) / request.steps, peakMemoryBytes: peakMemoryBytes() };
process.stdout.write(JSON.stringify(measured));

async function timeTraining(): Promise<number> {
  const trainer = createTrainer(request);
  await trainer.train(dataset, settleSteps);
  return (await trainer.train(dataset, request.steps)).seconds;
}

async function timeInference(): Promise<number> {
  const { batchSize, steps } = request;
  const network = await trainedNetwork(request, dataset);
  await network.evaluate(dataset, { indices: cyclic(batchSize * 10, dataset.samples) });
  return (await network.evaluate(dataset, { indices: cyclic(batchSize * steps, dataset.samples) })).seconds;
}
