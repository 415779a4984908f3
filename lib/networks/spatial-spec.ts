// Turns the complete description of a spatial network into the one that the native engine takes.
import type { CompleteSpatial } from '../config/spatial-grids.ts';
import { activationNames, defaultActivation, mapSide } from '../config/spatial-map.ts';
import type { Activation } from '../config/spatial-network.ts';
import { SynfireError } from '../errors.ts';
import { fromNative, type NativeSpatialNetwork, type NativeSpatialSpec, native } from '../native/index.ts';
import { machineBytes } from './machine.ts';

/** Builds the native network. Throws ERR_SYNFIRE_CONFIG, ERR_SYNFIRE_OUT_OF_MEMORY. */
export function buildSpatial(description: CompleteSpatial): NativeSpatialNetwork {
  try {
    return new (native().SpatialNetwork)(resolveSpatial(description));
  } catch (error) {
    throw notBuilt(error);
  }
}

export function resolveSpatial({ grids, options }: CompleteSpatial): NativeSpatialSpec {
  const { activation, threads, maxMemoryBytes, ...rest } = options;
  return {
    ...rest,
    grids,
    activations: activation.map(activationMap),
    threads: threads ?? native().cpu().hardwareThreads,
    maxMemoryBytes: maxMemoryBytes ?? machineBytes(),
  };
}

/** Numbers of the functions of all patterns, row by row. */
export function activationMap(activation: Activation): Uint8Array {
  return Uint8Array.from({ length: mapSide * mapSide }, (_, context) => {
    const [row, column] = [Math.floor(context / mapSide), context % mapSide];
    if (activation === 'map') return defaultActivation(row, column);
    const name = typeof activation === 'string' ? activation : activation[row]![column]!;
    return activationNames.indexOf(name);
  });
}

/** An activation written in full, so that it means the same when the default map is another one. */
export function writtenInFull(activation: Activation): Activation {
  if (activation !== 'map') return activation;
  const names = Array.from(activationMap('map'), (number) => activationNames[number]!);
  return Array.from({ length: mapSide }, (_, row) => names.slice(row * mapSide, (row + 1) * mapSide));
}

/** What the engine finds wrong with a description is an error of the configuration. */
function notBuilt(error: unknown): unknown {
  const known = fromNative(error);
  if (!(known instanceof SynfireError) || known.code !== 'ERR_SYNFIRE_INVALID_ARGUMENT') return known;
  return new SynfireError('ERR_SYNFIRE_CONFIG', known.message, known);
}
