// Fuzz target: text of network files. Whatever it holds, it is a simulation or an ERR_SYNFIRE_CONFIG.
import { readdirSync, readFileSync } from 'node:fs';
import { completeSimulation } from '../../../lib/config/simulation.ts';
import { SynfireError } from '../../../lib/errors.ts';
import { readSimulation } from '../../../lib/simulation/load.ts';
import { recordingNames } from '../../../lib/simulation/simulation.ts';

export const simulation = {
  name: 'simulation',

  seeds(): Uint8Array[] {
    const folder = new URL('../../../../examples/', import.meta.url);
    const names = readdirSync(folder).filter((name) => name.endsWith('.toml'));
    const texts = names.map((name) => readFileSync(new URL(name, folder)));
    const networks = texts.filter((text) => text.includes('[populations.'));
    return [...networks, ...snippets.map((text) => Buffer.from(text))];
  },

  run(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('utf8');
    for (const language of ['toml', 'json'] as const) {
      try {
        const { table, locate } = readSimulation({ text, file: 'net', language });
        recordingNames(completeSimulation(table, locate).recordings);
      } catch (error) {
        if (!(error instanceof SynfireError) || error.code !== 'ERR_SYNFIRE_CONFIG') throw error;
      }
    }
  },
};

const snippets = [
  '{"populations": {"a": {"size": 2, "source": "poisson"}}, "inputs": {"a": {"rates_hz": [1, 2]}}}',
  'populations.a = { size = 3, model = "adex" }\n[[projections]]\nsource = "a"\ntarget = "a"\nconnect = { sources = [0], targets = [1], weights = [1.5], delays_ms = [0.5] }\n',
  '[populations.a]\nsize = 3\nsource = "list"\n[inputs.a]\ntimes_ms = [1]\nneurons = [2]\n[[recordings]]\nkind = "spikes"\npopulation = "a"\nneurons = { from = 1, count = 2 }\n',
];
