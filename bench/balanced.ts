// cuba, brunel: balanced random networks beside a bare C++ loop and beside Brian2, in turns.
import type { Command } from 'commander';
import { integer } from '../lib/commands/arguments.ts';
import type { BalancedRequest } from './balanced-process.ts';
import { type BareLearning, type BareRequest, compileBareLoop, runBareBalanced } from './bare-loops.ts';
import { Brian2Program } from './brian2.ts';
import { runScript } from './child.ts';
import type { BalancedName } from './event-networks.ts';
import { addEventOptions, compare, type EventOptions, type TakeTurn } from './events.ts';
import type { Turn } from './events-report.ts';
import type { SynfireTurn } from './synfire-turn.ts';

export interface BalancedBenchOptions extends EventOptions {
  stdp?: boolean;
  duration: number;
}

export function addCuba(program: Command): void {
  addBalanced(program, 'cuba', { description: '4,000 neurons, 320,000 synapses', durationMs: 10_000 });
}

export function addBrunel(program: Command): void {
  addBalanced(program, 'brunel', { description: '10,000 neurons, 10,000,000 synapses', durationMs: 1000 });
}

function addBalanced(
  program: Command,
  name: BalancedName,
  { description, durationMs }: { description: string; durationMs: number },
): void {
  const command = program
    .command(name)
    .description(`${description}, beside a bare loop and Brian2`)
    .option('--stdp', 'pair STDP between excitatory neurons')
    .option('--duration <ms>', 'biological time of a turn', integer('--duration', 10, 1e7), durationMs)
    .option('--het', 'delays from 0.5 to 5 ms instead of one for all; the bare loop has one')
    .action((options: BalancedBenchOptions) => balanced(name, options));
  addEventOptions(command);
}

/** Biological time before anything is measured. */
const warmUpMs = 200;

async function balanced(network: BalancedName, options: BalancedBenchOptions): Promise<void> {
  const { stdp = false, het = false, duration: durationMs } = options;
  const learning = stdp ? 'with STDP' : 'static';
  await compare(options, {
    title: `${network}, ${learning}, ${het ? 'delays 0.5–5 ms' : 'one delay'}, ${durationMs} ms a turn`,
    unit: 'biological time',
    remarks: remarks(het),
    synfire(threads) {
      const request: BalancedRequest = { network, stdp, het, threads, durationMs, warmUpMs };
      return runScript<SynfireTurn>('balanced-process', request);
    },
    async bare(folder) {
      const program = await compileBareLoop('cuba', folder);
      const turn = (how: BareLearning): TakeTurn => {
        return (threads) => bareTurn(program, { network, learning: how, threads, durationMs });
      };
      return stdp ? { bare: turn('columns'), bareDeferred: turn('deferred') } : { bare: turn('static') };
    },
    brian2(peer, folder, threads) {
      const values = [network, stdp ? 1 : 0, threads, durationMs].map(String);
      const args = [...values, ...(het ? ['hetdelay=1'] : [])];
      return Brian2Program.build(peer, { script: 'brian2_networks.py', args, folder });
    },
    brian2Turn(program) {
      const rateHz = program.figure('rate');
      const synapses = program.figure('nsyn');
      return {
        ...{ work: durationMs, activity: rateHz, events: synapticEvents(rateHz, synapses, durationMs) },
        bytesPerSynapse: (program.figure('rss_MB') * 2 ** 20) / synapses,
      };
    },
  });
}

async function bareTurn(program: string, request: BareRequest): Promise<Turn> {
  const { durationMs } = request;
  const { wallMs, rateHz, synapses, bytesPerSynapse } = await runBareBalanced(program, request);
  const events = synapticEvents(rateHz, synapses, durationMs);
  return { wallMs, work: durationMs, events, activity: rateHz, bytesPerSynapse };
}

/** Spikes of all neurons times the synapses of one: counted alike for all sides. */
function synapticEvents(rateHz: number, synapses: number, durationMs: number): number {
  return (rateHz * durationMs * synapses) / 1000;
}

function remarks(het: boolean): string[] {
  return [
    'synaptic events: spikes times the synapses of a neuron',
    `measured after a warm-up of ${warmUpMs} ms, the bare loop without`,
    "bytes: as synfire reports them, for all synapses and for plastic ones; the bare loop's arrays; Brian2's whole process",
    ...(het ? ['the bare loop has one delay for all'] : []),
  ];
}
