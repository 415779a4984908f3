// diehl-cook: the network of Diehl & Cook in training beside a bare C++ loop and beside Brian2, in turns.
import type { Command } from 'commander';
import { integer } from '../lib/commands/arguments.ts';
import { type BareDiehlCookRequest, compileBareLoop, runBareDiehlCook } from './bare-loops.ts';
import { Brian2Program } from './brian2.ts';
import { runScript } from './child.ts';
import { type BenchData, chooseData, describeData } from './data.ts';
import type { DiehlCookRequest } from './diehl-cook-process.ts';
import { diehlCookNeurons } from './event-networks.ts';
import { addEventOptions, compare, type EventOptions } from './events.ts';
import type { Turn } from './events-report.ts';
import { dataHelp, say } from './options.ts';
import type { SynfireTurn } from './synfire-turn.ts';

export interface DiehlCookBenchOptions extends EventOptions {
  images: number;
  data?: string;
}

export function addDiehlCook(program: Command): void {
  const command = program
    .command('diehl-cook')
    .description('Diehl & Cook with 400 excitatory neurons in training, beside a bare loop and Brian2')
    .option('--images <n>', 'images per thread in a turn', integer('--images', 1, 1_000_000), 200)
    .option('--data <digits|folder>', dataHelp)
    .option('--het', 'delays of the inputs from 0 to 10 ms instead of none; the bare loop has none')
    .action(diehlCook);
  addEventOptions(command);
}

const restMs = 150;
/** Images before anything is measured, as in Brian2's script; the bare loop has one more. */
const warmUpImages = 2;

async function diehlCook(options: DiehlCookBenchOptions): Promise<void> {
  const { het = false, images } = options;
  const data = chooseData(options.data);
  say(`data: ${describeData(data)}`);
  const peers = data.folder === null ? { bare: false, brian2: false } : {};
  await compare(
    { ...options, ...peers },
    {
      title: `Diehl & Cook, ${diehlCookNeurons} excitatory neurons, training, ${images} images a turn and thread`,
      unit: 'images',
      remarks: remarks(data, het),
      synfire(threads) {
        const request: DiehlCookRequest = { data, threads, images, warmUpImages, restMs, het };
        return runScript<SynfireTurn>('diehl-cook-process', request);
      },
      async bare(folder) {
        const program = await compileBareLoop('dc', folder);
        return { bare: (threads) => bareTurn(program, { images, restMs, threads, mnist: mnistOf(data) }) };
      },
      brian2(peer, folder, threads) {
        const args = [String(threads), String(images), `rest=${restMs}`, `delay=${het ? 1 : 0}`];
        const script = 'brian2_diehl_cook.py';
        return Brian2Program.build(peer, { script, args, folder, mnist: mnistOf(data) });
      },
      brian2Turn(program) {
        const events = program.figure('synev_img') * images;
        const activity = program.figure('exc_spikes_img');
        return { work: images, events, activity, bytesPerSynapse: null };
      },
    },
  );
}

async function bareTurn(program: string, request: BareDiehlCookRequest): Promise<Turn> {
  const { imagesPerSecond, eventsPerSecond, spikesPerImage } = await runBareDiehlCook(program, request);
  const work = request.images * request.threads;
  const seconds = work / imagesPerSecond;
  const events = eventsPerSecond * seconds;
  return { wallMs: 1000 * seconds, work, events, activity: spikesPerImage, bytesPerSynapse: null };
}

function mnistOf({ folder }: BenchData): string {
  if (folder === null) throw new Error('the peers need MNIST');
  return folder;
}

function remarks(data: BenchData, het: boolean): string[] {
  return [
    `data ${data.name}; an image is shown for 350 ms, with ${restMs} ms of rest`,
    'with more threads: replicas of synfire that are merged after every image; independent networks of the bare loop;',
    'Brian2 one network, whose loops the threads share',
    'synaptic events: deliveries, and weights that spikes of excitatory neurons change',
    ...(het ? ['the bare loop has no delays'] : []),
  ];
}
