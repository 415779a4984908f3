// latency: from one sample to its scores, encoding included, directly and through a service.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { integer } from '../lib/commands/arguments.ts';
import type { Dataset } from '../lib/data/index.ts';
import type { LayerNetwork } from '../lib/networks/layer-network.ts';
import { scriptPath } from './child.ts';
import { chooseData, describeData, loadData } from './data.ts';
import type { Answer, ServerRequest } from './latency-server.ts';
import { describeMachine, machineLine } from './machine.ts';
import { type Waits, waitsOf } from './measure.ts';
import { addCommonOptions, type CommonOptions, printReport, say } from './options.ts';
import { type Table, waitCells, waitHead } from './table.ts';
import { type Mode, trainedNetwork, type Workload } from './workload.ts';

export interface LatencyOptions extends CommonOptions {
  calls: number;
  requests: number;
}

export function addLatency(program: Command): void {
  const command = program
    .command('latency')
    .description('how long one sample takes, encoding included')
    .option('--calls <n>', 'predictions that are timed', integer('--calls', 100, 10_000_000), 20_000)
    .option(
      '--requests <n>',
      'requests to the service; 0 leaves it out',
      integer('--requests', 0, 1_000_000),
      5000,
    )
    .action(latency);
  addCommonOptions(command, { threads: [1, 2] });
}

interface Row {
  mode: Mode;
  threads: number;
  path: Path;
  waits: Waits;
}

/**
 * `call`: predictOne, one call right after the other. Of a service: `prediction` is predictOne there, with a request's
 * pause between calls; `request` the whole time its client waits; `empty request` the same without a prediction.
 */
type Path = 'call' | 'prediction' | 'request' | 'empty request';

/** Different samples, which take turns. */
const differentSamples = 2000;

async function latency(options: LatencyOptions): Promise<void> {
  const data = chooseData(options.data);
  say(`data: ${describeData(data)}`);
  const { train } = await loadData(data);
  const samples = samplesOf(train);
  const rows: Row[] = [];
  for (const mode of options.mode) {
    for (const threads of options.threads) {
      const workload: Workload = { mode, threads, batchSize: 1, precision: 'mixed' };
      const add = (path: Path, timesMs: Float64Array) =>
        rows.push({ mode, threads, path, waits: waitsOf(timesMs) });
      say(`${mode}, threads ${threads}: ${options.calls} calls, ${options.requests} requests`);
      add('call', timeCalls(await trainedNetwork(workload, train), samples, options.calls));
      if (options.requests === 0) continue;
      const service = await timeService({ ...workload, data }, samples, options.requests);
      add('prediction', service.prediction);
      add('request', service.request);
      add('empty request', service.emptyRequest);
    }
  }
  const machine = describeMachine();
  const notes = [`${machineLine(machine)}; data ${data.name}`, ...meanings];
  printReport(options, { machine, data: data.name, rows }, { tables: [tableOf(rows)], notes });
}

const meanings = [
  'call: predictOne in a loop; prediction: predictOne within a service; request: what a client of the service waits for;',
  'empty request: the same of a service that predicts nothing',
];

function samplesOf(dataset: Dataset): Uint8Array[] {
  const count = Math.min(differentSamples, dataset.samples);
  return Array.from({ length: count }, (_, index) => dataset.sample(index));
}

function timeCalls(network: LayerNetwork, samples: readonly Uint8Array[], calls: number): Float64Array {
  const scores = new Float32Array(network.classes);
  const timesMs = new Float64Array(calls);
  for (let call = -samples.length; call < calls; call += 1) {
    const sample = samples[(call + samples.length) % samples.length]!;
    const began = performance.now();
    network.predictOne(sample, scores);
    if (call >= 0) timesMs[call] = performance.now() - began;
  }
  return timesMs;
}

interface ServiceTimes {
  prediction: Float64Array;
  request: Float64Array;
  emptyRequest: Float64Array;
}

async function timeService(
  server: ServerRequest,
  samples: readonly Uint8Array[],
  requests: number,
): Promise<ServiceTimes> {
  const process = fork(scriptPath('latency-server'), [JSON.stringify(server)]);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const port = await portOf(process);
    const empty = await timeRequests({ port, agent, path: '/empty' }, samples, requests);
    const full = await timeRequests({ port, agent, path: '/predict' }, samples, requests);
    return { prediction: full.server, request: full.client, emptyRequest: empty.client };
  } finally {
    agent.destroy();
    process.kill();
  }
}

async function portOf(server: ChildProcess): Promise<number> {
  const ended = once(server, 'exit').then(([code]) => {
    throw new Error(`the service ended with ${code}`);
  });
  const [port] = await Promise.race([once(server, 'message'), ended]);
  return port as number;
}

interface Target {
  port: number;
  agent: Agent;
  path: '/predict' | '/empty';
}

/** One request after the other: what the client waits for, and what the server says it took to predict. */
async function timeRequests(
  target: Target,
  samples: readonly Uint8Array[],
  requests: number,
): Promise<{ client: Float64Array; server: Float64Array }> {
  const client = new Float64Array(requests);
  const server = new Float64Array(requests);
  for (let round = -500; round < requests; round += 1) {
    const sample = samples[(round + 500) % samples.length]!;
    const began = performance.now();
    const answer = await ask(target, sample);
    if (round < 0) continue;
    client[round] = performance.now() - began;
    server[round] = answer.predictionMs;
  }
  return { client, server };
}

function ask({ port, agent, path }: Target, sample: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': sample.length };
    const asked = request({ host: '127.0.0.1', method: 'POST', port, agent, path, headers }, (response) => {
      text(response).then((body) => resolve(JSON.parse(body) as Answer), reject);
    });
    asked.on('error', reject).end(sample);
  });
}

function tableOf(rows: readonly Row[]): Table {
  return {
    title: 'One sample, encoding included',
    head: ['learning', 'threads', 'what', ...waitHead],
    rows: rows.map(({ mode, threads, path, waits }) => {
      return [mode, String(threads), path, ...waitCells(waits)];
    }),
  };
}
