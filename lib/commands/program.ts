// The `synfire` program: reads the command line, runs a command and turns the outcome into an exit code.
import { Command, CommanderError } from 'commander';
import { type ErrorCode, SynfireError } from '../errors.ts';
import { packageVersion } from '../native/index.ts';
import { addBench } from './bench.ts';
import { addEval } from './eval.ts';
import { addInfo } from './info.ts';
import { addInspect } from './inspect.ts';
import { Interruption, interruptedCode } from './interrupt.ts';
import { addPredict } from './predict.ts';
import { addSimulate } from './simulate.ts';
import { errorBlock } from './text.ts';
import { addTrain } from './train.ts';

const exitCodes = { done: 0, failure: 1, badInput: 2 };

/** Errors that come from what the user gave. */
const badInput = new Set<ErrorCode>([
  'ERR_SYNFIRE_INVALID_ARGUMENT',
  'ERR_SYNFIRE_CONFIG',
  'ERR_SYNFIRE_DATA_FORMAT',
  'ERR_SYNFIRE_DATA_MISSING',
  'ERR_SYNFIRE_CHECKPOINT',
]);

const about = `
Start here:
  $ synfire train conv-snn --epochs 3      train on built-in digits; says where the results are
  $ synfire eval runs/<name>               measure what was trained
  $ synfire train --help                   all options, with examples
  $ synfire simulate <network.toml>        run spiking neurons in continuous time

Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted (after saving).
SYNFIRE_DEBUG=1 adds stack traces to errors. SYNFIRE_ISA=base|avx2|avx512 lowers the instruction set.`;

/** Runs the command line and resolves with the exit code. */
export async function run(argv: string[]): Promise<number> {
  // A reader that goes away, such as `head`, ends the program quietly.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failure);
  });
  try {
    await createProgram().parseAsync(argv);
    return exitCodes.done;
  } catch (error) {
    return report(error, argv[2] ?? '');
  }
}

function createProgram(): Command {
  const program = new Command('synfire')
    .description('Train spiking neural networks and use what they have learned.')
    .version(packageVersion())
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', about);
  for (const add of [addTrain, addEval, addPredict, addSimulate, addInspect, addBench, addInfo]) add(program);
  return program;
}

function report(error: unknown, command: string): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.badInput;
  if (error instanceof Interruption) return interruptedCode;
  process.stderr.write(errorBlock(error, { stack: Boolean(process.env.SYNFIRE_DEBUG), command }));
  return error instanceof SynfireError && badInput.has(error.code) ? exitCodes.badInput : exitCodes.failure;
}
