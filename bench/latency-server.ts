// A small service for `latency`: answers a sample with its scores over HTTP; tells its parent the port.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { readRequest } from './child.ts';
import { type BenchData, loadData } from './data.ts';
import { trainedNetwork, type Workload } from './workload.ts';

export interface ServerRequest extends Workload {
  data: BenchData;
}

export interface Answer {
  /** The scores of the classes; none of an empty request. */
  scores: number[];
  /** How long predictOne took. */
  predictionMs: number;
}

const request = readRequest<ServerRequest>();
const { train } = await loadData(request.data);
const network = await trainedNetwork(request, train);

const server = createServer((incoming, response) => {
  answer(incoming).then(
    (body) => response.end(JSON.stringify(body)),
    (error) => response.writeHead(500).end(String(error)),
  );
});
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());

async function answer(incoming: IncomingMessage): Promise<Answer> {
  const sample = await buffer(incoming);
  if (incoming.url === '/empty') return { scores: [], predictionMs: 0 };
  const began = performance.now();
  const scores = network.predictOne(sample);
  return { predictionMs: performance.now() - began, scores: [...scores] };
}
