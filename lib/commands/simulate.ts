// synfire simulate: runs an event network as a file describes it and writes down what it did.
import type { Command } from 'commander';
import { saveEventCheckpoint } from '../checkpoints/event-checkpoint.ts';
import { locating } from '../config/check.ts';
import { networkOf, type SimulationConfig } from '../config/simulation.ts';
import { invalid } from '../errors.ts';
import { ProgressDisplay } from '../monitoring/progress.ts';
import { EventNetwork } from '../networks/event-network.ts';
import { checkSpikeFile } from '../simulation/files.ts';
import { sendInputs } from '../simulation/inputs.ts';
import { type LoadedSimulation, loadSimulation } from '../simulation/load.ts';
import { resumeSimulation } from '../simulation/resume.ts';
import { Simulation } from '../simulation/simulation.ts';
import { integer, largest, milliseconds, outputOptions } from './arguments.ts';
import { catchInterrupts, Interruption } from './interrupt.ts';
import { SimulationFiles } from './simulate-files.ts';
import { describeNetwork, describeSimulation, summarise } from './simulate-output.ts';
import { given } from './train-options.ts';

export function addSimulate(program: Command): void {
  const command = program
    .command('simulate')
    .description('run an event network and record what it does')
    .argument('<network>', 'a .toml or .json file with populations, projections, inputs and recordings')
    .option('--duration <ms>', 'biological time at the end', milliseconds('--duration'))
    .option('--seed <n>', 'of connections, draws and Poisson spikes', integer('--seed', 0, largest.seed))
    .option(
      '--threads <n>',
      'threads to compute with; results do not depend on it',
      integer('--threads', 1, largest.threads),
    )
    .option(
      '--out <folder>',
      'where recordings and the summary go (default: runs/<name>-<time>, if there are recordings)',
    )
    .option('--spikes <file>', 'write spikes to a .csv, .json, .ndjson or .npy file')
    .option('--save <checkpoint>', 'save the whole state at the end')
    .option(
      '--resume <checkpoint>',
      'go on from a saved state; the results are the same as without the break',
    )
    .addHelpText('after', examples)
    .action(simulate);
  outputOptions(command);
}

const examples = `
Examples:
  $ synfire simulate examples/balanced-network.toml
  $ synfire simulate examples/balanced-network.toml --duration 5000 --spikes spikes.ndjson
  $ synfire simulate examples/stdp-pair.toml --out runs/stdp
  $ synfire simulate examples/brunel.toml --save half.safetensors --duration 500
  $ synfire simulate examples/brunel.toml --resume half.safetensors --duration 1000
  $ synfire simulate examples/balanced-network.toml --json | jq '.populations[].rateHz'

The network file, with keys in snake_case or camelCase:
  duration_ms, transient_ms, seed, dt_ms, precision, threads, max_memory_bytes
  [populations.<name>]  size; model = "lif", "conductance-lif", "izhikevich" or "adex", with parameters, initial and
                        intrinsic; or source = "list", or "poisson" with rate_hz
  [[projections]]       source, target, weight, delay_ms, dendritic_ms, gain, receptor, plasticity, normalisation,
                        scaling; connect = "one-to-one", "all-to-all", { probability }, { in_degree }, { out_degree },
                        { sources, targets }, { file = "synapses.csv" or ".npy" } or { matrix = "weights.npy" }
  [inputs.<source>]     times_ms and neurons, a file of spikes, or rates_hz
  [[recordings]]        kind = "spikes", "state", "weights", "traces" or "rates"; population or projection; neurons or
                        synapses; interval_ms or bin_ms

Spikes are those of the file's recordings of spikes or, when it has none, of all neurons. Other recordings become NPY
files. Ctrl-C stops within a fraction of a second, writes what was recorded, saves if asked to, and exits with 130.`;

interface SimulateOptions {
  duration?: number;
  seed?: number;
  threads?: number;
  out?: string;
  spikes?: string;
  save?: string;
  resume?: string;
  json?: boolean;
  quiet?: boolean;
}

async function simulate(path: string, options: SimulateOptions): Promise<void> {
  if (options.spikes !== undefined) checkSpikeFile('--spikes', options.spikes);
  const display = new ProgressDisplay({ quiet: (options.quiet || options.json) ?? false });
  const interrupt = catchInterrupts(() => display.message('stopping; once more to stop at once'));
  try {
    const { signal } = interrupt;
    const { duration, seed, threads } = options;
    const loaded = await loadSimulation(path, given({ durationMs: duration, seed, threads }), { signal });
    const network = await buildNetwork(loaded, options, signal);
    display.message(describeNetwork(network));
    await run({ path, loaded, options, display, network }, signal);
  } finally {
    display.clear();
    interrupt.dispose();
  }
}

/** The network with all that its sources are going to send, or where a checkpoint stands. */
async function buildNetwork(
  loaded: LoadedSimulation,
  { resume }: SimulateOptions,
  signal: AbortSignal,
): Promise<EventNetwork> {
  const { config, locate } = loaded;
  const network = await EventNetwork.create(networkOf(config), { signal }).catch((error: unknown) =>
    locating(locate, () => {
      throw error;
    }),
  );
  if (resume === undefined) {
    await sendInputs(network, loaded, signal);
    return network;
  }
  await resumeSimulation(network, resume);
  if (network.timeMs >= config.durationMs) {
    const expected = `more than ${network.timeMs}, the time that ${resume} has reached`;
    throw invalid('ERR_SYNFIRE_INVALID_ARGUMENT', '--duration', config.durationMs, expected);
  }
  return network;
}

interface Job {
  path: string;
  loaded: LoadedSimulation;
  options: SimulateOptions;
  display: ProgressDisplay;
  network: EventNetwork;
}

async function run({ path, loaded, options, display, network }: Job, signal: AbortSignal): Promise<void> {
  const { config, locate, written } = loaded;
  const simulation = locating(locate, () => new Simulation(network, config));
  const files = await SimulationFiles.place(simulation, { config, written, ...options, source: path });
  const onProgress = showProgress(display, config);
  const failure = await simulation.run(config.durationMs, { signal, onProgress }).catch((error) => error);
  await files.writeRecordings();
  const interrupted = failure instanceof Interruption;
  if (failure !== undefined && !interrupted) {
    if (files.paths.length > 0) display.message(`what was recorded until then: ${files.paths.join(', ')}`);
    return locating(locate, () => {
      throw failure;
    });
  }
  if (options.save !== undefined) await saveEventCheckpoint(network, options.save);
  const event = interrupted ? 'interrupted' : 'done';
  const summary = summarise(simulation, { event, checkpoint: options.save ?? null });
  await files.writeSummary(summary);
  const report = { ...summary, files: files.paths };
  display.clear();
  process.stdout.write(`${options.json ? JSON.stringify(report) : describeSimulation(report)}\n`);
  if (interrupted) throw failure;
}

function showProgress(display: ProgressDisplay, { durationMs }: SimulationConfig): (timeMs: number) => void {
  const end = `${durationMs.toLocaleString('en')} ms`;
  return (timeMs) =>
    display.share(`${Math.floor(timeMs).toLocaleString('en')} of ${end}`, timeMs / durationMs);
}
