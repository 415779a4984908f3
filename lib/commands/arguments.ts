// The options that several commands share, and the checks of their values.
import { type Command, Option } from 'commander';
import { oneOf } from '../config/suggest.ts';
import { invalid } from '../errors.ts';

/** Reads a whole number within a range. */
export function integer(field: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw refused(field, text, `a whole number from ${min} to ${max}`);
  };
}

/** Reads a span of time in ms. */
export function milliseconds(field: string): (text: string) => number {
  return (text) => {
    const value = /^[\d.]+(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
    if (value > 0 && value <= largest.milliseconds) return value;
    throw refused(field, text, `a number of milliseconds above 0, at most ${largest.milliseconds}`);
  };
}

/** Reads whole numbers that are separated by commas. */
export function integers(field: string, min: number, max: number): (text: string) => number[] {
  const read = integer(field, min, max);
  return (text) => text.split(',').map((part) => read(part.trim()));
}

export const largest = {
  epochs: 1e6,
  batchSize: 65536,
  threads: 1024,
  seed: 2 ** 32 - 1,
  samples: 2 ** 31 - 1,
  images: 2 ** 40,
  milliseconds: 1e9,
};

/** `--data`, and `--limit` for the first samples of it only. */
export function dataOptions(command: Command): Command {
  return command
    .option('--data <name|folder|files>', dataHelp)
    .option(
      '--limit <n>',
      'use only the first n samples of each part',
      integer('--limit', 1, largest.samples),
    );
}

/** `--batch-size`, `--threads` and `--device`. */
export function computeOptions(command: Command): Command {
  return command
    .option(
      '--batch-size <n>',
      'samples that are computed together',
      integer('--batch-size', 1, largest.batchSize),
    )
    .option(
      '--threads <n>',
      'threads to compute with; results do not depend on it',
      integer('--threads', 1, largest.threads),
    )
    .addOption(
      new Option('--device <name>', 'where to compute: auto or cpu').argParser(device).default('auto'),
    );
}

/** `--json` and `--quiet`. */
export function outputOptions(command: Command): Command {
  return command
    .option('--json', 'print JSON, one object a line, and nothing else on standard output')
    .option('--quiet', 'show no progress');
}

/** Reads one of several words. */
export function word<const Word extends string>(
  field: string,
  words: readonly Word[],
): (text: string) => Word {
  return (text) => {
    const found = words.find((candidate) => candidate === text);
    if (found !== undefined) return found;
    throw refused(field, text, oneOf(words, text));
  };
}

const dataHelp =
  'digits (built in), mnist, fashion-mnist or kmnist; identity (vectors for spatial networks); a folder of IDX or NPY ' +
  'files; or samples,labels files: those to train with, then those to test with';

function device(name: string): string {
  if (name === 'auto' || name === 'cpu') return name;
  if (name === 'cuda') throw refused('--device', name, '"auto" or "cpu": this build has no CUDA engine');
  throw refused('--device', name, oneOf(['auto', 'cpu'], name));
}

function refused(field: string, value: unknown, expected: string) {
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, value, expected);
}
