// Every layer kind: its options, the shape it gives and what the native engine is told. A new kind is one
// entry of `layerKinds` (with a builder in networks/layers.ts, its native form and a test).
import { z } from 'zod';
import type { NativeLayer } from '../native/types.ts';
import { choice, flag, heightAndWidth, integer, number, section, variants } from './fields.ts';
import { neuronSchema } from './neuron-kinds.ts';

/**
 * The shape of one sample's activity: [channels, height, width], or [units] after a layer that knows no
 * positions.
 */
export type Shape = readonly number[];

/** What a layer is when it stands on an input of a certain shape. */
export interface Placement {
  output: Shape;
  /** Multiplications and additions of a dense network in one step. */
  macs: number;
  /** Only of layers with synapses. */
  synapses?: { weightShape: number[]; fanIn: number; fanOut: number };
}

/** Throws the error for an option of the layer that cannot be. */
export type Refuse = (option: string, expected: string) => never;

interface LayerKind<Schema extends z.ZodType> {
  options: Schema;
  place(layer: z.output<Schema>, input: Shape, refuse: Refuse): Placement;
  /** The fields of the native description that this kind uses. */
  native(layer: z.output<Schema>): Partial<NativeLayer>;
}

/**
 * How the weights are drawn at the start: from a normal distribution with mean 0 and a standard deviation.
 */
const init = variants([
  section({ kind: z.literal('he') }),
  section({ kind: z.literal('glorot') }),
  section({ kind: z.literal('normal'), /** The standard deviation. */ std: number({ min: 0, max: 1000 }) }),
]);

const common = {
  /** For messages and reports. Default: `layers.0`, `layers.1` and so on. */
  name: z
    .string({ error: 'a name of letters, digits, - and _ that begins with a letter' })
    .regex(/^[A-Za-z][\w-]{0,63}$/)
    .optional(),
};

/** Options of the layers that have weights and neurons of their own. */
const synaptic = {
  ...common,
  /** Whether every unit has a bias. Default true. */
  bias: flag().default(true),
  /** Default: LIF neurons; none on the last layer, which then is a linear readout of mean spike counts. */
  neuron: neuronSchema.nullable().optional(),
  /** The layer is updated at every k-th step, starting with the first. Default 1. */
  updateEvery: integer({ min: 1, max: 1000 }).default(1),
  /**
   * What the layer sees: the spikes of this step, their sum since its last update, or since the start.
   * Default `latest`.
   */
  input: choice('latest', 'window', 'cumulative').default('latest'),
  /** Factor on the layer's input current. Default 1. */
  inputGain: number({ min: 1e-6, max: 1e6 }).default(1),
  /** Whether training changes the weights. Default true. */
  trainWeight: flag().default(true),
  /** Whether training changes the biases. Default true. */
  trainBias: flag().default(true),
  /** Factor on the learning rate for this layer's weights and biases. Default 1. */
  learningRateScale: number({ min: 0, max: 1e6 }).default(1),
  /** Default `he`: standard deviation sqrt(2 / inputs of a unit). Biases start at 0. */
  init: init.prefault('he'),
};

const largestWindow = 64;
const windowSize = () => heightAndWidth({ min: 1, max: largestWindow });
const windowPadding = () => heightAndWidth({ min: 0, max: largestWindow });

const pooling = {
  ...common,
  /** Rows and columns that are pooled. */
  kernel: windowSize(),
  /** Default: the kernel, so that windows touch and do not overlap. */
  stride: windowSize().optional(),
  /** Rows and columns of silence around the input, at most half of the kernel. Default 0. */
  padding: windowPadding().prefault(0),
};

const conv2dOptions = section({
  kind: z.literal('conv2d'),
  ...synaptic,
  filters: integer({ min: 1, max: 4096 }),
  kernel: windowSize(),
  /** Default 1. */
  stride: windowSize().prefault(1),
  /** Rows and columns of silence around the input, fewer than the kernel has. Default 0. */
  padding: windowPadding().prefault(0),
});

const denseOptions = section({
  kind: z.literal('dense'),
  ...synaptic,
  units: integer({ min: 1, max: 1 << 20 }),
});
const avgPool2dOptions = section({ kind: z.literal('avgPool2d'), ...pooling });
const maxPool2dOptions = section({ kind: z.literal('maxPool2d'), ...pooling });
const sumPool2dOptions = section({ kind: z.literal('sumPool2d'), ...pooling });

const dropoutOptions = section({
  kind: z.literal('dropout'),
  ...common,
  /** Share of the units that stay silent for a whole sample during training. Default 0.5. */
  rate: number({ min: 0, below: 1 }).default(0.5),
});

const flattenOptions = section({ kind: z.literal('flatten'), ...common });

const kind = <Schema extends z.ZodType>(entry: LayerKind<Schema>) => entry;

/** The layer kinds by the name that configurations use. */
export const layerKinds = {
  conv2d: kind({
    options: conv2dOptions,
    place: (layer, input, refuse) => {
      const [channels, ...size] = planes(input, refuse);
      checkPadding(
        layer,
        layer.kernel.map((side) => side - 1),
        refuse,
      );
      const [height, width] = slide({ ...layer, size }, refuse);
      const area = layer.kernel[0] * layer.kernel[1];
      return {
        output: [layer.filters, height, width],
        macs: layer.filters * height * width * channels * area,
        synapses: {
          weightShape: [layer.filters, channels, ...layer.kernel],
          fanIn: channels * area,
          fanOut: layer.filters * area,
        },
      };
    },
    native: ({ filters, kernel, stride, padding }) => ({ filters, kernel, stride, padding }),
  }),

  dense: kind({
    options: denseOptions,
    place: ({ units }, input) => {
      const inputs = elements(input);
      return {
        output: [units],
        macs: units * inputs,
        synapses: { weightShape: [units, inputs], fanIn: inputs, fanOut: units },
      };
    },
    native: ({ units }) => ({ units }),
  }),

  avgPool2d: kind({ options: avgPool2dOptions, place: placeSum, native: nativePooling }),
  maxPool2d: kind({ options: maxPool2dOptions, place: placePooling, native: nativePooling }),
  sumPool2d: kind({ options: sumPool2dOptions, place: placeSum, native: nativePooling }),

  dropout: kind({
    options: dropoutOptions,
    place: (_layer, input) => ({ output: input, macs: 0 }),
    native: ({ rate }) => ({ rate }),
  }),

  flatten: kind({
    options: flattenOptions,
    place: (_layer, input) => ({ output: [elements(input)], macs: 0 }),
    native: () => ({}),
  }),
};

export const layerSchema = variants(Object.values(layerKinds).map((entry) => entry.options));

export type LayerOptions = z.input<(typeof layerKinds)[LayerKindName]['options']>;
export type LayerConfig = z.output<typeof layerSchema>;
export type LayerKindName = keyof typeof layerKinds;

/** The shapes that `layer` has on an input of shape `input`. */
export function placeLayer(layer: LayerConfig, input: Shape, refuse: Refuse): Placement {
  return layerKinds[layer.kind].place(layer as never, input, refuse);
}

/** The part of a layer's native description that is particular to its kind. */
export function nativeFields(layer: LayerConfig): Partial<NativeLayer> {
  return layerKinds[layer.kind].native(layer as never);
}

/** Values in an activity of this shape. */
export function elements(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

type Pooling = Omit<z.output<typeof avgPool2dOptions>, 'kind'>;

function placePooling(layer: Pooling, input: Shape, refuse: Refuse): Placement {
  const [channels, ...size] = planes(input, refuse);
  const { kernel, stride = kernel, padding } = layer;
  checkPadding(
    layer,
    kernel.map((side) => Math.floor(side / 2)),
    refuse,
  );
  return { output: [channels, ...slide({ kernel, stride, padding, size }, refuse)], macs: 0 };
}

/** Sums of a window are counted in seven bits, also those that an average is made from. */
const mostSummed = 127;

function placeSum(layer: Pooling, input: Shape, refuse: Refuse): Placement {
  if (elements(layer.kernel) > mostSummed) refuse('kernel', `at most ${mostSummed} values in a window`);
  return placePooling(layer, input, refuse);
}

function nativePooling({ kernel, stride = kernel, padding }: Pooling): Partial<NativeLayer> {
  return { kernel, stride, padding };
}

/** [channels, height, width] of an input that has positions. */
function planes(input: Shape, refuse: Refuse): [number, number, number] {
  const [channels, height, width] = input;
  if (channels === undefined || height === undefined || width === undefined) {
    refuse(
      'kind',
      `"dense" or "dropout": the layer below gives ${elements(input)} values without rows and columns`,
    );
  }
  return [channels, height, width];
}

function checkPadding({ padding }: { padding: Shape }, most: Shape, refuse: Refuse): void {
  if (padding.some((side, axis) => side > most[axis]!))
    refuse('padding', `at most ${most.join(' x ')} for this kernel`);
}

interface Sliding {
  kernel: [number, number];
  stride: [number, number];
  padding: [number, number];
  size: readonly [number, number];
}

/** Rows and columns of the positions at which a window fits. */
function slide({ kernel, stride, padding, size }: Sliding, refuse: Refuse): [number, number] {
  const room = (axis: 0 | 1) => size[axis] + 2 * padding[axis];
  if (kernel[0] > room(0) || kernel[1] > room(1)) {
    refuse('kernel', `at most ${room(0)} x ${room(1)}, the size of the layer's input with its padding`);
  }
  const positions = (axis: 0 | 1) => Math.floor((room(axis) - kernel[axis]) / stride[axis]) + 1;
  return [positions(0), positions(1)];
}
