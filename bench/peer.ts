// The peer to measure beside: the same network in PyTorch, run by a script of its own.
import { existsSync } from 'node:fs';
import type { SurrogateConfig } from '../lib/config/network.ts';
import { run } from './child.ts';
import { howToShare, runTuned, sharedFolder } from './shared.ts';
import type { Task } from './work.ts';
import type { Mode } from './workload.ts';

export interface Peer {
  python: string;
  script: string;
  /** PyTorch's version. */
  version: string;
}

export interface PeerRequest {
  mode: Mode;
  task: Task;
  batchSize: number;
  threads: number;
  steps: number;
  /** Whether large products are done in bfloat16. */
  bf16: boolean;
  surrogate: PeerSurrogate;
  /** The folder with MNIST. */
  data: string;
}

export interface PeerSurrogate {
  name: 'atan' | 'fs' | 'tri' | 'box';
  alpha: number;
}

export interface Measured {
  /** Milliseconds of a step. */
  stepMs: number;
  peakMemoryBytes: number;
}

/** The peer, or in words why it cannot run here and what to do. */
export async function findPeer(): Promise<Peer | string> {
  const script = sharedFolder('bench', 'torch_convsnn.py');
  return existsSync(script) ? findTorch(script) : `there is no ${script}: ${howToShare}`;
}

/** A Python that can run `script`, which needs PyTorch, or in words what to do to have one. */
export async function findTorch(script: string): Promise<Peer | string> {
  for (const python of [process.env.SYNFIRE_PYTHON, '/usr/bin/python3', 'python3']) {
    if (!python) continue;
    const version = await run(python, ['-c', 'import torch; print(torch.__version__)']).catch(() => null);
    if (version !== null) return { python, script, version: version.trim() };
  }
  return 'no Python with PyTorch was found: install it (Debian: apt install python3-torch), or set SYNFIRE_PYTHON';
}

export async function runPeer(peer: Peer, request: PeerRequest): Promise<Measured> {
  return parsePeerOutput(
    await runTuned(request.threads, [peer.python, peer.script, ...peerArguments(request)]),
  );
}

/** The peer's surrogate of the same shape; a constant factor, which does not matter to Adam, may differ. */
export function peerSurrogate(surrogate: SurrogateConfig): PeerSurrogate {
  switch (surrogate.kind) {
    case 'triangle':
      return { name: 'tri', alpha: 1 / surrogate.width };
    case 'rectangle':
      return { name: 'box', alpha: surrogate.width };
    case 'atan':
      return { name: 'atan', alpha: surrogate.alpha };
    case 'fastSigmoid':
      return { name: 'fs', alpha: surrogate.slope };
    case 'sigmoid':
      throw new Error('the PyTorch peer has no surrogate of kind sigmoid');
  }
}

export function parsePeerOutput(text: string): Measured {
  const [, stepMs] = /median=([\d.]+) ms/.exec(text) ?? [];
  const [, mebibytes] = /peak RSS ([\d.]+) MiB/.exec(text) ?? [];
  if (stepMs === undefined || mebibytes === undefined) throw new Error(`the peer printed no times:\n${text}`);
  return { stepMs: Number(stepMs), peakMemoryBytes: Number(mebibytes) * 2 ** 20 };
}

function peerArguments(request: PeerRequest): string[] {
  const { mode, task, batchSize, threads, steps, bf16, surrogate, data } = request;
  const options = { mode, do: task, batch: batchSize, threads, batches: steps, data };
  return [
    ...Object.entries({ ...options, surr: surrogate.name, alpha: surrogate.alpha }).flatMap(
      ([name, value]) => [`--${name}`, String(value)],
    ),
    ...(bf16 ? ['--bf16'] : []),
  ];
}
