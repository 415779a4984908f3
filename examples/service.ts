// Answers images over HTTP: POST 784 bytes to /, get the class and the scores of all classes.
// Usage: node service.js <checkpoint>
import { createServer, type IncomingMessage } from 'node:http';
import { loadCheckpoint, SynfireError } from 'synfire';

const { network } = await loadCheckpoint(process.argv[2] ?? 'model.safetensors');
const bytesPerImage = network.inputShape.reduce((product, side) => product * side, 1);
// One thread answers fastest, and memory is laid out before the first request comes.
network.prepare({ batchSize: 1, threads: 1 });

const server = createServer(async (request, response) => {
  try {
    const scores = network.predictOne(await readBody(request));
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ class: scores.indexOf(Math.max(...scores)), scores: [...scores] }));
  } catch (error) {
    response.statusCode = error instanceof SynfireError ? 400 : 500;
    response.end(error instanceof Error ? error.message : String(error));
  }
});

server.listen(Number(process.env.PORT ?? 8080), () => console.log('listening on', server.address()));

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let received = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (received > bytesPerImage) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
