// Event networks against recorded runs of Brian2, several checked with NEST (../shared/reference/events or
// $SYNFIRE_SHARED/reference/events), each to the tolerance that its file states.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { sharedFolder } from '../../bench/shared.ts';
import {
  EventNetwork,
  type PopulationOptions,
  type ProjectionOptions,
} from '../../lib/networks/event-network.ts';
import { Comparison, type Spike, samplesOf, spikeList, spikesOf, synapseNumbers } from './event-cases.ts';

const folder = sharedFolder('reference', 'events');

interface EventCase {
  case: string;
  dt_ms: number;
  duration_ms: number;
  /** By what is compared: spike_times_ms, V_mV, w_mV, … */
  tolerance: { float64: Record<string, number> };
}

interface Quantity {
  value: number;
}

/** Numbers, some with a unit beside them. */
type Parameters = Record<string, number | string | Quantity>;

function number(parameters: Parameters, name: string): number {
  const entry = parameters[name];
  return Number(typeof entry === 'object' ? entry.value : entry);
}

type Check = (t: ExecutionContext, recorded: never) => Promise<void>;

const checks: Record<string, Check> = {
  lif_delta_single: checkNeurons,
  lif_delta_offgrid: checkNeurons,
  lif_exp_single: checkNeurons,
  adaptive_threshold: checkNeurons,
  recurrent_static: checkNeurons,
  recurrent_hetdelay: checkNeurons,
  recurrent_stdp: checkNeurons,
  scaling_l1: checkNeurons,
  scaling_rate: checkNeurons,
  teacher: checkNeurons,
  batch_average: checkBatches,
  dc_mini_euler: checkDiehlCook,
  dc_mini_expeuler: checkDiehlCook,
  stdp_pair: checkPairings,
  stdp_pair_delay: checkPairings,
  stdp_pair_nearest: checkPairings,
  stdp_triplet: checkPairings,
  stdp_triplet_nearest: checkPairings,
};

if (existsSync(folder)) {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    test(`${file}: spikes, states and weights are those of the recorded run`, async (t) => {
      const recorded = JSON.parse(readFileSync(join(folder, file), 'utf8')) as EventCase;
      const check = checks[recorded.case];
      t.not(check, undefined, 'nothing compares this case');
      await check?.(t, recorded as never);
    });
  }
} else {
  test('recorded runs of Brian2', (t) => {
    t.log(`not compared: ${folder} is missing`);
    t.pass();
  });
}

// ---- leaky integrate-and-fire neurons ----------------------------------------------------------------------------

interface Table {
  columns: string[];
  rows: number[][];
}

interface PairStdp {
  tau_pre: number;
  tau_post: number;
  A_plus: number;
  A_minus: number;
  w_min: number;
  w_max: number;
}

interface Scaling {
  kind: 'l1' | 'rate';
  period: number;
  /** l1: the sum of a neuron's weights. */
  target?: number;
  tau_rate?: number;
  target_rate?: number;
  eta?: number;
}

interface LifParameters {
  N: number;
  tau_m: Quantity;
  V_rest: Quantity;
  V_reset: Quantity;
  V_th: Quantity;
  t_ref: Quantity;
  tau_e?: Quantity;
  tau_i?: Quantity;
  theta_plus?: Quantity;
  tau_theta?: Quantity;
  stdp?: PairStdp;
  stdp_on?: 'connections' | 'recurrent';
  scaling?: Scaling;
}

/** Values of one neuron, or of several by their number. */
type Series = number[] | Record<string, number[]>;

interface LifCase extends EventCase {
  parameters: LifParameters;
  inputs: { spike_times_ms: number[][]; connections: Table; recurrent?: Table };
  expected: {
    spikes: Spike[];
    min_threshold_margin_mV?: number;
    sample_times_ms: number[];
    V_mV: Series;
    theta_mV?: Series;
    g_e_mV?: Series;
    g_i_mV?: Series;
    /** Crossings that are not rounded up to the grid. */
    continuous?: { spike_times_ms: number[] };
    w_final?: number[];
    w_traj_times_ms?: number[];
    w_traj_first8?: number[][];
    w_after_scaling?: [timeMs: number, weights: number[]][];
  };
}

type Integration = 'exact' | 'grid';
type Precision = 'float32' | 'float64';

async function checkNeurons(t: ExecutionContext, recorded: LifCase) {
  await checkLif(t, recorded, 'exact', 'float64');
  await checkLif(t, recorded, 'grid', 'float64');
  // Below this margin a spike may hang on the rounding of single precision.
  if ((recorded.expected.min_threshold_margin_mV ?? 0) < 2e-4) return;
  await checkLif(t, recorded, 'exact', 'float32');
  await checkLif(t, recorded, 'grid', 'float32');
}

async function checkLif(
  t: ExecutionContext,
  recorded: LifCase,
  integration: Integration,
  precision: Precision,
) {
  const { expected, tolerance, duration_ms: durationMs } = recorded;
  const limits = tolerance.float64;
  const comparison = new Comparison(t, `${integration}, ${precision}`, precision === 'float32' ? 1e-4 : null);
  const network = lifNetwork(recorded, integration, precision);
  network.addSpikes('input', spikeList(recorded.inputs.spike_times_ms));
  const spikes = network.recordSpikes('neurons');
  // A neuron that crosses its threshold between grid points is elsewhere from then on; its inputs are not.
  const continuous = integration === 'exact' ? expected.continuous : undefined;
  const potential = continuous === undefined ? { v: expected.V_mV } : {};
  const states = { ...potential, theta: expected.theta_mV, ge: expected.g_e_mV, gi: expected.g_i_mV };
  const compareStates = recordStates(network, recorded, states);
  const compareWeights = expected.w_final === undefined ? null : recordPlasticWeights(network, recorded);

  await network.run(durationMs);

  const fired = spikesOf(spikes.take());
  if (continuous === undefined) comparison.spikes(fired, expected.spikes, limits.spike_times_ms!);
  else
    comparison.spikes(
      fired,
      continuous.spike_times_ms.map((time): Spike => [0, time]),
      1e-6,
    );
  compareStates(comparison);
  compareWeights?.(comparison);
}

function lifNetwork(
  { parameters: p, inputs, dt_ms }: LifCase,
  integration: Integration,
  precision: Precision,
) {
  const rows = {
    input: rowsOf(inputs.connections),
    neurons: inputs.recurrent === undefined ? [] : rowsOf(inputs.recurrent),
  };
  const learning = p.stdp === undefined ? null : p.stdp_on === 'recurrent' ? 'neurons' : 'input';
  const projections = (['input', 'neurons'] as const).flatMap((source): ProjectionOptions[] => {
    const plastic = rows[source].filter((row) => learning === source && row.plastic === 1);
    const others = rows[source].filter((row) => !plastic.includes(row));
    // Exponential currents of either sign have a time constant of their own.
    const inhibitory = others.filter(({ w_mV }) => p.tau_i !== undefined && w_mV! < 0);
    const excitatory = others.filter((row) => !inhibitory.includes(row));
    return [
      ...projection(source, excitatory, {}),
      ...projection(source, inhibitory, { receptor: 'inhibitory' }),
      ...projection(source, plastic, { name: 'plastic', ...plasticityOf(p) }),
    ];
  });
  return new EventNetwork({
    ...{ dtMs: dt_ms, precision, projections },
    populations: {
      input: { size: inputs.spike_times_ms.length, source: 'list' },
      neurons: lifNeurons(p, integration),
    },
  });
}

function lifNeurons(p: LifParameters, integration: Integration): PopulationOptions {
  const currents = p.tau_e && p.tau_i ? { tauExcMs: p.tau_e.value, tauInhMs: p.tau_i.value } : null;
  const theta =
    p.theta_plus && p.tau_theta ? { thetaPlusMv: p.theta_plus.value, tauThetaMs: p.tau_theta.value } : null;
  return {
    ...{ size: p.N, model: 'lif' },
    parameters: {
      ...{ integration, synapse: currents === null ? 'delta' : 'exponential', ...currents, ...theta },
      ...{ restMv: p.V_rest.value, resetMv: p.V_reset.value, thresholdMv: p.V_th.value },
      ...{ tauMs: p.tau_m.value, refractoryMs: p.t_ref.value },
    },
  };
}

type Row = Record<string, number>;

function rowsOf({ columns, rows }: Table): Row[] {
  return rows.map((values) => Object.fromEntries(columns.map((name, index) => [name, values[index]!])));
}

/** A projection of given synapses, or nothing where there are none. */
function projection(
  source: string,
  rows: readonly Row[],
  options: Partial<ProjectionOptions>,
): ProjectionOptions[] {
  if (rows.length === 0) return [];
  const column = (name: string) => rows.map((row) => row[name]!);
  const connect = {
    ...{ sources: column('pre'), targets: column('post') },
    ...{ weights: column('w_mV'), delaysMs: column('delay_ms') },
  };
  return [{ source, target: 'neurons', connect, ...options }];
}

function plasticityOf({ stdp, scaling }: LifParameters): Partial<ProjectionOptions> {
  if (stdp === undefined) return {};
  const plasticity = pairRule(stdp);
  if (scaling === undefined) return { plasticity };
  const periodMs = scaling.period;
  if (scaling.kind === 'l1') return { plasticity, normalisation: { total: scaling.target!, periodMs } };
  return {
    plasticity,
    scaling: {
      ...{ eta: scaling.eta!, targetRateHz: scaling.target_rate!, tauRateMs: scaling.tau_rate! },
      ...{ periodMs, clamp: false, wMin: stdp.w_min, wMax: stdp.w_max },
    },
  };
}

function pairRule(stdp: PairStdp) {
  return {
    ...{ rule: 'pair', learningRate: 1, tauPlusMs: stdp.tau_pre, tauMinusMs: stdp.tau_post },
    ...{ aPlus: stdp.A_plus, aMinus: stdp.A_minus, wMin: stdp.w_min, wMax: stdp.w_max },
  };
}

type Compare = (comparison: Comparison) => void;

/** Records what a case has samples of; what comes back compares it after the run. */
function recordStates(
  network: EventNetwork,
  { expected, tolerance }: LifCase,
  states: Record<string, Series | undefined>,
): Compare {
  const timesMs = expected.sample_times_ms.slice(1);
  const intervalMs = timesMs[0]!;
  const recorders = Object.entries(states).flatMap(([variable, series]) => {
    if (series === undefined) return [];
    const byNeuron = Array.isArray(series) ? { 0: series } : series;
    const neurons = Object.keys(byNeuron).map(Number);
    const recorder = network.recordState('neurons', variable, { neurons, intervalMs });
    return [{ variable, recorder, byNeuron: Object.entries(byNeuron) }];
  });
  return (comparison) => {
    for (const { variable, recorder, byNeuron } of recorders) {
      const record = recorder.take();
      const limit = tolerance.float64[variable === 'theta' ? 'theta_mV' : 'V_mV']!;
      byNeuron.forEach(([neuron, values], item) => {
        const what = `${variable} of neuron ${neuron}, sample`;
        comparison.values(what, samplesOf(record, item, timesMs), values.slice(1), limit);
      });
    }
  };
}

/** The same for plastic weights. */
function recordPlasticWeights(network: EventNetwork, recorded: LifCase): Compare {
  const { parameters, inputs, expected, tolerance } = recorded;
  const table = parameters.stdp_on === 'recurrent' ? inputs.recurrent! : inputs.connections;
  const numberOf = synapseNumbers(network, 'plastic');
  const rows = rowsOf(table).filter(({ plastic }) => plastic === 1);
  const synapses = rows.map(({ pre, post }) => numberOf(pre!, post!));
  const recorder = network.recordWeights('plastic', { synapses, intervalMs: 50 });
  const limit = tolerance.float64.w_mV!;
  return (comparison) => {
    const record = recorder.take();
    const timesMs = expected.w_traj_times_ms?.slice(1) ?? [];
    expected.w_traj_first8?.forEach((values, item) => {
      comparison.values(`weight ${item}, sample`, samplesOf(record, item, timesMs), values.slice(1), limit);
    });
    // Weights are recorded after all events of their time, scaling comes before: synapses with an event are left out.
    for (const [time, values] of expected.w_after_scaling ?? []) {
      const quiet = values.map((_, item) => item).filter((item) => !hasEvent(recorded, rows[item]!, time));
      const actual = quiet.map((item) => samplesOf(record, item, [time])[0]!);
      const wanted = quiet.map((item) => values[item]!);
      comparison.values(`after scaling at ${time} ms, weight`, actual, wanted, limit);
    }
    const weights = network.weights('plastic');
    const final = synapses.map((synapse) => weights[synapse]!);
    comparison.values('weight', final, expected.w_final!, limit);
  };
}

/** Whether a spike of an input arrives at a synapse, or one leaves its target, at a time. */
function hasEvent({ inputs, expected }: LifCase, { pre, post, delay_ms }: Row, time: number): boolean {
  const now = (other: number) => Math.abs(other - time) < 1e-6;
  const arrives = inputs.spike_times_ms[pre!]!.some((spike) => now(spike + delay_ms!));
  return arrives || expected.spikes.some(([neuron, spike]) => neuron === post && now(spike));
}

// ---- merged weights ----------------------------------------------------------------------------------------------

interface BatchCase extends EventCase {
  parameters: LifParameters & {
    M: number;
    batch_size: number;
    stdp: PairStdp;
    delay: Quantity;
    lateral_w: Quantity;
  };
  inputs: { samples_spike_times_ms: number[][][]; w_init: number[][] };
  expected: {
    per_sample: { batch: number; sample: number; spikes: Spike[]; w_final: number[][] }[];
    w_after_batch: number[][][];
  };
}

async function checkBatches(t: ExecutionContext, recorded: BatchCase) {
  await checkBatchAverage(t, recorded, 'exact');
  await checkBatchAverage(t, recorded, 'grid');
}

/** Every sample starts from the weights of the batch and a cleared state; then weights become their mean. */
async function checkBatchAverage(t: ExecutionContext, recorded: BatchCase, integration: Integration) {
  const { parameters: p, inputs, expected, tolerance, duration_ms: durationMs } = recorded;
  const network = batchNetwork(recorded, integration);
  const spikes = network.recordSpikes('neurons');
  let start = Float64Array.from(inputs.w_init.flat());
  let sum = new Float64Array(start.length);
  for (const [index, { batch, sample, spikes: wanted, w_final }] of expected.per_sample.entries()) {
    const comparison = new Comparison(t, `${integration}, batch ${batch}, sample ${sample}`);
    network.reset({ sample: index });
    network.setWeights('plastic', start);
    network.addSpikes('input', spikeList(inputs.samples_spike_times_ms[index]!));
    await network.run(durationMs);
    comparison.spikes(spikesOf(spikes.take()), wanted, tolerance.float64.spike_times_ms!);
    const weights = network.weights('plastic');
    comparison.values('weight', weights, w_final.flat(), tolerance.float64.w_mV!);
    sum = sum.map((value, synapse) => value + weights[synapse]!);
    if ((index + 1) % p.batch_size !== 0) continue;
    start = sum.map((value) => value / p.batch_size);
    sum = new Float64Array(start.length);
    comparison.values('mean weight', start, expected.w_after_batch[batch]!.flat(), tolerance.float64.w_mV!);
  }
}

/** The plastic synapses are a matrix of inputs and neurons, stored row by row. */
function batchNetwork({ parameters: p, inputs, dt_ms }: BatchCase, integration: Integration): EventNetwork {
  const delayMs = p.delay.value;
  return new EventNetwork({
    ...{ dtMs: dt_ms, precision: 'float64' },
    populations: { input: { size: p.M, source: 'list' }, neurons: lifNeurons(p, integration) },
    projections: [
      {
        ...{ name: 'plastic', source: 'input', target: 'neurons', delayMs, plasticity: pairRule(p.stdp) },
        connect: { matrix: inputs.w_init.flat() },
      },
      {
        ...{ source: 'neurons', target: 'neurons', delayMs, weight: p.lateral_w.value },
        connect: { allToAll: { self: false } },
      },
    ],
  });
}

// ---- Diehl & Cook in miniature -----------------------------------------------------------------------------------

interface DiehlCookCase extends EventCase {
  parameters: Parameters;
  inputs: { spike_times_ms: number[][]; w_init: number[][]; delay_ms: number[][] };
  expected: {
    spikes_E: Spike[];
    spikes_I: Spike[];
    theta_final_mV: number[];
    w_after_image: number[][][];
    sample_times_ms: number[];
    v_E0_mV: number[];
    v_E1_mV: number[];
    ge_E0: number[];
    gi_E0: number[];
  };
}

/**
 * Brian2 stamps what happens in the step from t to t + dt with t, here it is t + dt: spikes go in one step later, and what
 * comes out is moved back.
 */
async function checkDiehlCook(t: ExecutionContext, recorded: DiehlCookCase) {
  const { inputs, expected, tolerance, dt_ms: dtMs } = recorded;
  const value = (name: string) => number(recorded.parameters, name);
  const limits = tolerance.float64;
  const comparison = new Comparison(t, 'grid');
  const network = diehlCookNetwork(recorded);
  network.addSpikes('x', spikeList(inputs.spike_times_ms, dtMs));
  const spikes = { e: network.recordSpikes('e'), i: network.recordSpikes('i') };
  const states = (['v', 'ge', 'gi'] as const).map((variable) => {
    return network.recordState('e', variable, { neurons: [0, 1], intervalMs: dtMs });
  });
  const numberOf = synapseNumbers(network, 'x->e');
  for (let image = 0; image < value('n_images'); image++) {
    network.normalise('x->e', value('norm'));
    await network.run(value('image_ms') + value('rest_ms'));
    const weights = network.weights('x->e');
    const actual = inputs.w_init.flatMap((row, x) => row.map((_, e) => weights[numberOf(x, e)]!));
    comparison.values(
      `after image ${image}, weight`,
      actual,
      expected.w_after_image[image]!.flat(),
      limits.w!,
    );
  }
  for (const [population, wanted] of Object.entries({ e: expected.spikes_E, i: expected.spikes_I })) {
    const fired = spikesOf(spikes[population as 'e' | 'i'].take());
    const earlier = fired.map(([neuron, time]): Spike => [neuron, time - dtMs]);
    comparison.spikes(earlier, wanted, limits.spike_times_ms!);
  }
  comparison.values(
    'theta of neuron',
    network.state('e', 'theta'),
    expected.theta_final_mV,
    limits.theta_mV!,
  );
  const [v, ge, gi] = states.map((recorder) => recorder.take());
  const timesMs = expected.sample_times_ms.map((time) => time + dtMs);
  comparison.values('v of neuron 0, sample', samplesOf(v!, 0, timesMs), expected.v_E0_mV, limits.v_mV!);
  comparison.values('v of neuron 1, sample', samplesOf(v!, 1, timesMs), expected.v_E1_mV, limits.v_mV!);
  comparison.values('ge of neuron 0, sample', samplesOf(ge!, 0, timesMs), expected.ge_E0, limits.v_mV!);
  comparison.values('gi of neuron 0, sample', samplesOf(gi!, 0, timesMs), expected.gi_E0, limits.v_mV!);
}

function diehlCookNetwork({ case: name, parameters: p, inputs, dt_ms: dtMs }: DiehlCookCase): EventNetwork {
  const value = (quantity: string) => number(p, quantity);
  const neurons = (kind: 'e' | 'i') => ({
    method: name === 'dc_mini_euler' ? 'euler' : 'exponential-euler',
    ...{ restMv: value(`v_rest_${kind}`), resetMv: value(`v_reset_${kind}`), tauMs: value(`tau_v_${kind}`) },
    ...{ excReversalMv: value('E_exc'), inhReversalMv: value(`E_inh_${kind}`) },
    ...{ tauExcMs: value('tau_ge'), tauInhMs: value('tau_gi') },
    refractoryMs: value(`refrac_${kind}`),
  });
  const theta = { thetaPlusMv: value('theta_plus'), tauThetaMs: value('tau_theta') };
  const thresholdMv = value('v_thresh_e') - value('theta_offset');
  const rule = {
    ...{ rule: 'diehl-cook', nuPre: value('nu_pre'), nuPost: value('nu_post'), wMax: value('w_max') },
    ...{ tauPreMs: value('tau_pre'), tauPost1Ms: value('tau_post1'), tauPost2Ms: value('tau_post2') },
  };
  return new EventNetwork({
    ...{ dtMs, precision: 'float64' },
    populations: {
      x: { size: value('M'), source: 'list' },
      e: {
        ...{ size: value('N'), model: 'conductance-lif', initial: { theta: value('theta_init') } },
        parameters: { ...neurons('e'), ...theta, thresholdMv },
      },
      i: {
        ...{ size: value('N'), model: 'conductance-lif' },
        parameters: { ...neurons('i'), thresholdMv: value('v_thresh_i') },
      },
    },
    projections: [
      {
        ...{ name: 'x->e', source: 'x', target: 'e', plasticity: rule },
        connect: { matrix: inputs.w_init.flat(), delaysMs: inputs.delay_ms.flat() },
      },
      { source: 'e', target: 'i', connect: 'one-to-one', weight: value('w_ei'), delayMs: 0 },
      {
        ...{ source: 'i', target: 'e', connect: { allToAll: { self: false } } },
        ...{ weight: value('w_ie'), receptor: 'inhibitory', delayMs: 0 },
      },
    ],
  });
}

// ---- plasticity on given spikes ----------------------------------------------------------------------------------

interface PairingCase extends EventCase {
  parameters: Parameters;
  inputs: { pre_spike_times_ms: number[][]; post_spike_times_ms: number[][]; w_init: number[][] };
  expected: { w_final: number[][]; traj_times_ms: number[]; w_traj: Record<string, number[]> };
}

async function checkPairings(t: ExecutionContext, recorded: PairingCase) {
  for (const integration of ['exact', 'grid'] as const) {
    await checkTrains(t, recorded, integration, 'float64');
    await checkTrains(t, recorded, integration, 'float32');
  }
}

/** Postsynaptic neurons fire when they are told to: a strong synapse without delay makes them. */
async function checkTrains(
  t: ExecutionContext,
  recorded: PairingCase,
  integration: Integration,
  precision: Precision,
) {
  const { inputs, expected, tolerance, duration_ms: durationMs } = recorded;
  const comparison = new Comparison(t, `${integration}, ${precision}`, precision === 'float32' ? 2e-5 : null);
  const network = pairingNetwork(recorded, integration, precision);
  network.addSpikes('pre', spikeList(inputs.pre_spike_times_ms));
  network.addSpikes('teacher', spikeList(inputs.post_spike_times_ms));
  const fired = network.recordSpikes('post');
  const numberOf = synapseNumbers(network, 'plastic');
  const traced = Object.entries(expected.w_traj).map(([name, values]) => {
    const [pre, post] = name.split('->').map(Number);
    return { name, values, synapse: numberOf(pre!, post!) };
  });
  const synapses = traced.map(({ synapse }) => synapse);
  const timesMs = expected.traj_times_ms.slice(1);
  const recorder = network.recordWeights('plastic', { synapses, intervalMs: timesMs[0]! });
  await network.run(durationMs);
  const told = inputs.post_spike_times_ms.flatMap((train, neuron) =>
    train.map((time): Spike => [neuron, time]),
  );
  comparison.spikes(spikesOf(fired.take()), told, 1e-9);
  const record = recorder.take();
  traced.forEach(({ name, values }, item) => {
    const actual = samplesOf(record, item, timesMs);
    comparison.values(`weight ${name}, sample`, actual, values.slice(1), tolerance.float64.w!);
  });
  const weights = network.weights('plastic');
  const final = expected.w_final.flatMap((row, pre) => row.map((_, post) => weights[numberOf(pre, post)]!));
  comparison.values('weight', final, expected.w_final.flat(), tolerance.float64.w!);
}

function pairingNetwork(
  { parameters: p, inputs, dt_ms }: PairingCase,
  integration: Integration,
  precision: Precision,
): EventNetwork {
  const size = inputs.post_spike_times_ms.length;
  const delayMs = number(p, 'delay');
  return new EventNetwork({
    ...{ dtMs: dt_ms, precision },
    populations: {
      pre: { size: inputs.pre_spike_times_ms.length, source: 'list' },
      teacher: { size, source: 'list' },
      post: {
        ...{ size, model: 'lif' },
        // Out of reach of the plastic synapses.
        parameters: { integration, restMv: -70, resetMv: -70, thresholdMv: 400, refractoryMs: 0 },
      },
    },
    projections: [
      {
        ...{ name: 'plastic', source: 'pre', target: 'post', delayMs, plasticity: ruleOf(p) },
        connect: { matrix: inputs.w_init.flat() },
      },
      { source: 'teacher', target: 'post', connect: 'one-to-one', weight: 1000, delayMs: 0 },
    ],
  });
}

function ruleOf(p: Parameters): NonNullable<ProjectionOptions['plasticity']> {
  const value = (name: string) => number(p, name);
  const bounds = { wMin: value('w_min'), wMax: value('w_max') };
  const kind = String(p.rule);
  if (kind.startsWith('pair')) {
    return {
      ...{ rule: 'pair', pairing: kind === 'pair_nn' ? 'nearest-symmetric' : 'all-to-all', ...bounds },
      ...{ tauPlusMs: value('tau_pre'), tauMinusMs: value('tau_post') },
      ...{ learningRate: 1, aPlus: value('A_plus'), aMinus: value('A_minus') },
    };
  }
  return {
    ...{ rule: 'triplet', pairing: kind === 'triplet_nn' ? 'nearest' : 'all-to-all', ...bounds },
    ...{ tauPlusMs: value('tau_plus'), tauMinusMs: value('tau_minus') },
    ...{ tauXMs: value('tau_x'), tauYMs: value('tau_y') },
    ...{ a2Plus: value('A2_plus'), a3Plus: value('A3_plus') },
    ...{ a2Minus: value('A2_minus'), a3Minus: value('A3_minus') },
  };
}
