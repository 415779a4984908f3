// Completes the description of a spatial network: grids from numbers of neurons, an entry for each layer from one for
// all, and the check that what a neuron sees fits into its memory.
import { invalid } from '../errors.ts';
import { check } from './check.ts';
import {
  type Activation,
  type Grid,
  isTable,
  type LearningRates,
  type Reach,
  type SpatialNetworkConfig,
  spatialNetworkSchema,
} from './spatial-network.ts';

/** A network whose description is complete. */
export interface CompleteSpatial {
  /** From the input to the output. */
  grids: Grid[];
  options: SpatialNetworkConfig;
}

/** `root` is what errors call the description; '' for a whole one. Throws ERR_SYNFIRE_CONFIG. */
export function completeSpatial(sizes: unknown, options: unknown, root = ''): CompleteSpatial {
  const field = (name: string) => (root === '' ? name : `${root}.${name}`);
  const grids = completeGrids(sizes, field('grids'));
  const { reach, activation, learningRate, ...rest } = check(spatialNetworkSchema, options ?? {}, { root });
  const layers = grids.length - 1;
  const complete = {
    ...rest,
    reach: perLayer(reach, layers, field('reach'), isOneReach).map(toGrid),
    activation: completeActivation(activation, layers, field('activation')),
    learningRate: completeRates(learningRate, field('learningRate')),
  };
  checkWindows(grids, complete, field('reach'));
  return { grids, options: complete };
}

/** Cells of the window that neurons of a reach have in the grid below them. */
export function windowSize(below: Readonly<Grid>, reach: Readonly<Grid>): Grid {
  const along = (axis: 0 | 1 | 2) => Math.min(2 * reach[axis] + 1, below[axis]);
  return [along(0), along(1), along(2)];
}

export function cellsOf([x, y, z]: Readonly<Grid>): number {
  return x * y * z;
}

const mostGrids = 256;
const longestSide = 2 ** 16 - 1;
const mostCells = 2 ** 28;

function completeGrids(sizes: unknown, field: string): Grid[] {
  if (!Array.isArray(sizes) || sizes.length < 2 || sizes.length > mostGrids) {
    const expected = `a list of 2 to ${mostGrids} grids from the input to the output, each as neurons or [x, y, z]`;
    throw fault(field, sizes, expected);
  }
  return sizes.map((size: unknown, index) => completeGrid(size, `${field}[${index}]`));
}

function completeGrid(size: unknown, field: string): Grid {
  if (typeof size === 'number') return boxOf(size, field);
  if (!Array.isArray(size) || size.length !== 3) throw fault(field, size, 'neurons, or [x, y, z]');
  size.forEach((side, axis) => {
    if (!isWhole(side, longestSide)) throw fault(`${field}[${axis}]`, side, whole(longestSide));
  });
  const grid = size as Grid;
  if (cellsOf(grid) <= mostCells) return [...grid];
  throw fault(field, size, `at most ${mostCells} cells, not ${cellsOf(grid)}`);
}

/** The box of so many cells that is nearest to a cube, with x >= y >= z. */
function boxOf(neurons: number, field: string): Grid {
  if (!isWhole(neurons, mostCells)) throw fault(field, neurons, whole(mostCells));
  let best: Grid = [neurons, 1, 1];
  for (let z = 1; z ** 3 <= neurons; z++) {
    if (neurons % z !== 0) continue;
    const area = neurons / z;
    let y = Math.floor(Math.sqrt(area));
    while (area % y !== 0) y--;
    if (y >= z && area / y + y + z < best[0] + best[1] + best[2]) best = [area / y, y, z];
  }
  if (best[0] <= longestSide) return best;
  throw fault(
    field,
    neurons,
    `a number that makes up a box with sides of at most ${longestSide}, or [x, y, z]`,
  );
}

function isWhole(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
}

function whole(most: number): string {
  return `an integer from 1 to ${most}`;
}

/** A list with an entry for each layer, from such a list or from one entry for all. */
function perLayer<Entry>(
  written: Entry | readonly Entry[],
  layers: number,
  field: string,
  isOne: (value: Entry | readonly Entry[]) => value is Entry,
): Entry[] {
  if (isOne(written)) return new Array<Entry>(layers).fill(written);
  if (written.length === layers) return [...written];
  const expected = `one for all, or a list of ${layers}, for each grid but the first`;
  throw fault(field, written, expected);
}

function isOneReach(value: Reach | readonly Reach[]): value is Reach {
  return typeof value === 'number' || (value.length === 3 && value.every((item) => typeof item === 'number'));
}

function isOneActivation(value: Activation | readonly Activation[]): value is Activation {
  return typeof value === 'string' || isTable(value);
}

function toGrid(reach: Reach): Grid {
  return typeof reach === 'number' ? [reach, reach, reach] : [...reach];
}

function completeActivation(
  written: Activation | Activation[] | undefined,
  layers: number,
  field: string,
): Activation[] {
  if (written !== undefined) return perLayer<Activation>(written, layers, field, isOneActivation);
  return [...new Array<Activation>(layers - 1).fill('map'), 'identity'];
}

function completeRates(written: number | Partial<LearningRates>, field: string): LearningRates {
  const given = typeof written === 'number' ? { initial: written } : written;
  const wanted = given.initial ?? 0.08;
  const { min = Math.min(0.08, wanted), max = Math.max(0.1, wanted) } = given;
  const initial = given.initial ?? Math.max(min, Math.min(max, wanted));
  if (min <= initial && initial <= max) return { initial, min, max };
  throw fault(field, written, 'min <= initial <= max');
}

function checkWindows(grids: Grid[], { reach, capacity }: SpatialNetworkConfig, field: string): void {
  reach.forEach((own, layer) => {
    const size = windowSize(grids[layer]!, own);
    const weights = cellsOf(size) + 1;
    if (weights <= capacity) return;
    const needed = `the ${size.join(' x ')} cells that a neuron of layer ${layer} sees, and its bias, are ${weights}`;
    throw fault(field, own, `windows of at most ${capacity} weights, the capacity; ${needed}`);
  });
}

function fault(field: string, value: unknown, expected: string) {
  return invalid('ERR_SYNFIRE_CONFIG', field, value, expected);
}
