// Answers images over HTTP: POST 784 bytes to /, get the class and the scores of all classes.
// Usage: node service.js <checkpoint>, e.g. runs/<name>/checkpoints/best.safetensors
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { loadCheckpoint } from 'synfire';

const { network } = await loadCheckpoint(process.argv[2] ?? 'model.safetensors');
// One sample is too little work to share, and memory is laid out before the first request comes.
network.prepare({ batchSize: 1, threads: 1 });
const bytesPerImage = network.inputShape.reduce((product, side) => product * side, 1);
const scores = new Float32Array(network.classes);

const server = createServer((request, response) => {
  answer(request, response).catch((error) => response.destroy(error));
});
server.listen(Number(process.env.PORT ?? 8080), () => console.log('listening on', server.address()));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (Number(request.headers['content-length']) !== bytesPerImage) {
    response.writeHead(400).end(`expected ${bytesPerImage} bytes: one image, row by row\n`);
    return;
  }
  network.predictOne(await buffer(request), scores);
  const best = scores.indexOf(Math.max(...scores));
  response.setHeader('content-type', 'application/json');
  response.end(`${JSON.stringify({ class: best, scores: [...scores] })}\n`);
}
