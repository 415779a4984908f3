// Fuzz target: text of configuration files. Whatever it holds, it is a run or an ERR_SYNFIRE_CONFIG.
import { readdirSync, readFileSync } from 'node:fs';
import { jsonKeyLines, tomlKeyLines } from '../../../lib/config/key-lines.ts';
import { parseJson, parseToml } from '../../../lib/config/toml.ts';
import { SynfireError } from '../../../lib/errors.ts';
import { resolveNetwork } from '../../../lib/networks/resolve.ts';

export const toml = {
  name: 'toml',

  seeds(): Uint8Array[] {
    const folder = new URL('../../../../examples/', import.meta.url);
    const names = readdirSync(folder).filter((name) => name.endsWith('.toml'));
    return [
      ...names.map((name) => readFileSync(new URL(name, folder))),
      ...snippets.map((text) => Buffer.from(text)),
    ];
  },

  run(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString('utf8');
    for (const parse of [parseToml, parseJson]) {
      const config = unlessRefused(() => parse(text));
      if (config !== undefined) resolveNetwork(config.network);
    }
    // Errors look for lines in documents that a parser has accepted; the search has to end in any other, too.
    tomlKeyLines(text);
    jsonKeyLines(text);
  },
};

const snippets = [
  'preset = "conv-snn"\n[training]\nlearning_rate = 0.1\nbatch_size = 1_000\n',
  'network = {preset = "conv-snn-bptt", encoder = {kind = "rate", gain = 0.5}}\n',
  'preset = "conv-snn"\n"a\\u0020b".\'c\' = """\n x """\nd = [1, 2.5e3, 0x1F, -inf, nan, 1979-05-27T07:32:00Z]\n',
  '[[network.layers]]\n[network.layers.neuron.reset]\nkind = "value"\n[__proto__]\nx = 1\n',
  '{"preset": "conv-snn", "training": {"epochs": 3, "optimizer": {"kind": "sgd", "momentum": 0.5}}}',
];

function unlessRefused<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof SynfireError && error.code === 'ERR_SYNFIRE_CONFIG') return undefined;
    throw error;
  }
}
