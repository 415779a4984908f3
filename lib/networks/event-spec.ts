// Turns the configuration of an event network into the flat description that the native engine takes, and the
// engine's errors back into the names of the configuration.
import type {
  ConnectConfig,
  Draw,
  EventNetworkConfig,
  PopulationConfig,
  ProjectionConfig,
} from '../config/event-network.ts';
import type { Parameters } from '../config/event-tables.ts';
import { type ErrorCode, SynfireError } from '../errors.ts';
import {
  fromNative,
  type NativeConnector,
  type NativeDraw,
  type NativeEventNetworkSpec,
  type NativePopulation,
  type NativeProjection,
} from '../native/index.ts';
import { machineBytes } from './machine.ts';
import { toFloat64, toUint32 } from './number-arrays.ts';

/** The native engine's description of a network. Lists of synapses that are typed arrays are not copied. */
export function resolveEventNetwork(config: EventNetworkConfig): NativeEventNetworkSpec {
  const { seed, dtMs, precision, maxMemoryBytes = machineBytes(), populations, projections } = config;
  const populationNames = Object.keys(populations);
  const names = projectionNames(projections);
  return {
    ...{ seed, dtMs, precision, maxMemoryBytes },
    populations: Object.entries(populations).map(([name, entry]) => nativePopulation(name, entry)),
    projections: projections.map((entry, index): NativeProjection => {
      return {
        name: names[index]!,
        source: populationNames.indexOf(entry.source),
        target: populationNames.indexOf(entry.target),
        connector: nativeConnector(entry.connect, `projections.${index}.connect`),
        weight: nativeDraw(entry.weight),
        delayMs: nativeDraw(entry.delayMs),
        dendriticMs: entry.dendriticMs,
        gain: entry.gain,
        receptor: entry.receptor ?? defaultReceptor(entry.weight),
        rule: nativeRule(entry.plasticity),
        normalisation: entry.normalisation ?? null,
        scaling: entry.scaling ?? null,
      };
    }),
  };
}

/** The projections' names; those without one are called `source->target`, `source->target#2` and so on. */
export function projectionNames(projections: readonly ProjectionConfig[]): string[] {
  const used = new Set(projections.map(({ name }) => name));
  return projections.map(({ name, source, target }) => {
    if (name !== undefined) return name;
    const plain = `${source}->${target}`;
    let unique = plain;
    for (let number = 2; used.has(unique); number++) unique = `${plain}#${number}`;
    used.add(unique);
    return unique;
  });
}

/**
 * An error of the engine with the field's path as a configuration has it: `populations.input.size` instead of
 * `populations[0].size`. Bad arguments get `code`, when given.
 */
export function fromEngine(error: unknown, populations: readonly string[], code?: ErrorCode): unknown {
  const known = fromNative(error);
  if (!(known instanceof SynfireError) || known.field === undefined) return known;
  const field = known.field
    .replace(/^populations\[(\d+)\]/, (_match, index) => `populations.${populations[Number(index)]}`)
    .replace(/^projections\[(\d+)\]/, 'projections.$1');
  const mapped = known.code === 'ERR_SYNFIRE_INVALID_ARGUMENT' ? (code ?? known.code) : known.code;
  return new SynfireError(mapped, known.message.replace(known.field, field), { ...known, field });
}

function nativePopulation(name: string, population: PopulationConfig): NativePopulation {
  const { size, maxSpikesPerMs = 0 } = population;
  const common = { name, size, maxSpikesPerMs, initial: [], intrinsic: null, rateHz: 0 };
  if ('source' in population) {
    const rateHz = population.source === 'poisson' ? population.rateHz : 0;
    return { ...common, kind: population.source, rateHz };
  }
  const { model, parameters = {}, initial = {}, intrinsic = null } = population;
  return {
    ...common,
    kind: 'neurons',
    model: { kind: model, parameters: given(parameters) },
    initial: Object.entries(initial).map(([variable, draw]) => ({ variable, draw: nativeDraw(draw) })),
    intrinsic,
  };
}

function nativeDraw(draw: Draw): NativeDraw {
  const unlimited = { min: -1e30, max: 1e30 };
  if (typeof draw === 'number') return { kind: 'constant', a: draw, b: 0, ...unlimited };
  const { min = unlimited.min, max = unlimited.max } = draw;
  const kind = 'uniform' in draw ? 'uniform' : 'normal';
  const [a, b] = 'uniform' in draw ? draw.uniform : draw.normal;
  return { kind, a, b, min, max };
}

function defaultReceptor(weight: Draw): 'excitatory' | 'inhibitory' {
  return typeof weight === 'number' && weight < 0 ? 'inhibitory' : 'excitatory';
}

function nativeRule(plasticity: ProjectionConfig['plasticity']) {
  if (plasticity === undefined) return null;
  const { rule, ...parameters } = plasticity;
  return { kind: rule, parameters: given(parameters) };
}

/** Without the names that are there but undefined. */
function given(parameters: Parameters): Parameters {
  return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== undefined));
}

function nativeConnector(connect: ConnectConfig, path: string): NativeConnector {
  if (connect === 'one-to-one') return { kind: 'oneToOne' };
  if (connect === 'all-to-all') return { kind: 'allToAll', self: true };
  if ('allToAll' in connect) return { kind: 'allToAll', ...connect.allToAll };
  if ('probability' in connect) return { kind: 'probability', ...connect };
  if ('inDegree' in connect) return { kind: 'inDegree', count: connect.inDegree, ...degreeOf(connect) };
  if ('outDegree' in connect) return { kind: 'outDegree', count: connect.outDegree, ...degreeOf(connect) };
  const delaysMs = toFloat64(connect.delaysMs ?? [], `${path}.delaysMs`);
  if ('matrix' in connect) {
    return { kind: 'matrix', weights: toFloat64(connect.matrix, `${path}.matrix`), delaysMs };
  }
  return {
    kind: 'list',
    sources: toUint32(connect.sources, `${path}.sources`),
    targets: toUint32(connect.targets, `${path}.targets`),
    weights: toFloat64(connect.weights ?? [], `${path}.weights`),
    delaysMs,
  };
}

function degreeOf({ self, multiple }: { self: boolean; multiple: boolean }) {
  return { self, multiple };
}
