// latency: from one sample to its scores, encoding included, directly and through a service.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { Command } from 'commander';
import { integer } from '../lib/commands/arguments.ts';
import type { Dataset } from '../lib/data/index.ts';
import { scriptPath } from './child.ts';
import { chooseData, describeData, loadData } from './data.ts';
import type { ServerRequest } from './latency-server.ts';
import { describeMachine, machineLine } from './machine.ts';
import { type Waits, waitsOf } from './measure.ts';
import { addCommonOptions, type CommonOptions, printReport, say } from './options.ts';
import { digits, type Table } from './table.ts';
import { type Mode, trainedNetwork } from './workload.ts';

export interface LatencyOptions extends CommonOptions {
  calls: number;
  requests: number;
}

export function addLatency(program: Command): void {
  const command = program
    .command('latency')
    .description('how long one sample takes, encoding included')
    .option('--calls <n>', 'predictions that are timed', integer('--calls', 100, 10_000_000), 20_000)
    .option('--requests <n>', 'requests to the service; 0 leaves it out', integer('--requests', 0, 1_000_000), 5000)
    .action(latency);
  addCommonOptions(command, { threads: [1, 2] });
}

interface Row {
  mode: Mode;
  threads: number;
  /** `call` is predictOne itself; `service` answers over HTTP, and `empty service` does so without predicting. */
  path: 'call' | 'service' | 'empty service';
  waits: Waits;
}

const settleSteps = 200;
/** Different samples that take turns. */
const differentSamples = 2000;

async function latency(options: LatencyOptions): Promise<void> {
  const data = chooseData(options.data);
  say(`data: ${describeData(data)}`);
  const { train, test } = await loadData(data);
  const samples = samplesOf(test ?? train);
  const rows: Row[] = [];
  for (const mode of options.mode) {
    for (const threads of options.threads) {
      const workload = { mode, threads, batchSize: 1, precision: 'mixed' } as const;
      const network = await trainedNetwork(workload, train, settleSteps);
      const scores = new Float32Array(network.classes);
      const predict = (sample: Uint8Array) => network.predictOne(sample, scores);
      say(`${mode}, ${threads} threads: ${options.calls} calls`);
      rows.push({ mode, threads, path: 'call', waits: await timeCalls(predict, samples, options.calls) });
      if (options.requests === 0) continue;
      say(`${mode}, ${threads} threads: ${options.requests} requests`);
      const server: ServerRequest = { ...workload, data, settleSteps };
      rows.push(...(await timeService(server, samples, options.requests)));
    }
  }
  const machine = describeMachine();
  printReport(options, { machine, data: data.name, rows }, { tables: [tableOf(rows)], notes: notesOf(machine, data.name) });
}
