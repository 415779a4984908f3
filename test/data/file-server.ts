// An HTTP server on this machine that plays good and bad mirrors.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface Mirror {
  /** Address of the folder, ending in /. */
  url: string;
  /** What was asked for: path and range. */
  requests: { path: string; range: string | undefined }[];
  close(): Promise<void>;
}

export async function startMirror(answer: Answer): Promise<Mirror> {
  const requests: Mirror['requests'] = [];
  const server: Server = createServer((request, response) => {
    requests.push({ path: request.url ?? '', range: request.headers.range });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/set/`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Serves files by the last part of the path and understands ranges. */
export function serving(files: Record<string, Uint8Array>): Answer {
  return (request, response) => {
    const file = files[request.url?.split('/').at(-1) ?? ''];
    if (file === undefined) {
      response.writeHead(404).end('not here');
      return;
    }
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` };
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': file.length - from,
      ...(from > 0 && range),
    });
    response.end(file.subarray(from));
  };
}

/** Promises the whole file but cuts the connection a while after the first `bytes` of it. */
export function cuttingOff(file: Uint8Array, bytes: number): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': file.length });
    response.write(file.subarray(0, bytes));
    setTimeout(() => response.destroy(), 300);
  };
}
