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
      new Option('--device <name>', 'where to compute: auto, cpu or, for spatial networks, cuda')
        .argParser(device)
        .default('auto'),
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

const devices = ['auto', 'cpu', 'cuda'] as const;
/** `auto` leaves the choice to the configuration. */
export type DeviceName = (typeof devices)[number];

function device(name: string): DeviceName {
  const known = devices.find((candidate) => candidate === name);
  if (known !== undefined) return known;
  throw refused('--device', name, oneOf([...devices], name));
}

/** Throws ERR_SYNFIRE_INVALID_ARGUMENT for a device that only spatial networks run on. */
export function refuseCuda({ device }: { device?: DeviceName }): void {
  if (device !== 'cuda') return;
  throw refused('--device', device, '"auto" or "cpu": there is no CUDA engine for networks of this kind');
}

/** The device that was asked for, if one was. */
export function deviceOf({ device }: { device?: DeviceName }): { device?: 'cpu' | 'cuda' } {
  return device === undefined || device === 'auto' ? {} : { device };
}

function refused(field: string, value: unknown, expected: string) {
  return invalid('ERR_SYNFIRE_INVALID_ARGUMENT', field, value, expected);
}
