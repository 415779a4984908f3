// Curves of the plasticity rules, measured on spikes at given times: the window of a single pair, and how the frequency of
// pairing matters to the triplet rule, as Sjöström et al. 2001 measured and Pfister & Gerstner 2006 explained it.
import test, { type ExecutionContext } from 'ava';
import { EventNetwork, type ProjectionOptions } from '../../lib/networks/event-network.ts';
import { spikeList } from './event-cases.ts';

type Plasticity = NonNullable<ProjectionOptions['plasticity']>;

/** Spikes on both sides of one synapse, in ms. */
interface Trains {
  pre: number[];
  post: number[];
}

interface Protocol {
  weight?: number;
  delayMs?: number;
  dendriticMs?: number;
  /** What happens at the end of the trains, before `afterMs` more. */
  finish?: (network: EventNetwork) => void;
  afterMs?: number;
}

/** The change of each synapse's weight. Postsynaptic neurons fire when they are told to: a strong synapse without delay makes them. */
async function weightChanges(plasticity: Plasticity, trains: readonly Trains[], protocol: Protocol = {}) {
  const { weight = 0.5, delayMs = 0, dendriticMs = 0, finish, afterMs = 0 } = protocol;
  const size = trains.length;
  const network = new EventNetwork({
    precision: 'float64',
    populations: {
      pre: { size, source: 'list' },
      teacher: { size, source: 'list' },
      post: {
        ...{ size, model: 'lif' },
        parameters: { integration: 'exact', restMv: -70, resetMv: -70, thresholdMv: 400, refractoryMs: 0 },
      },
    },
    projections: [
      {
        ...{ name: 'plastic', source: 'pre', target: 'post', connect: 'one-to-one' },
        ...{ weight, delayMs, dendriticMs, plasticity },
      },
      { source: 'teacher', target: 'post', connect: 'one-to-one', weight: 1000, delayMs: 0 },
    ],
  });
  network.addSpikes('pre', spikeList(trains.map(({ pre }) => pre)));
  network.addSpikes('teacher', spikeList(trains.map(({ post }) => post)));
  const last = Math.max(...trains.flatMap(({ pre, post }) => [...pre, ...post]));
  await network.run(Math.ceil(last + delayMs + dendriticMs) + 1);
  if (finish !== undefined) {
    finish(network);
    await network.run(afterMs);
  }
  return Array.from(network.weights('plastic'), (value) => value - weight);
}

function checkCurve(
  t: ExecutionContext,
  actual: readonly number[],
  expected: readonly number[],
  at: readonly number[],
) {
  expected.forEach((change, index) => {
    const found = actual[index]!;
    t.true(Math.abs(found - change) < 1e-12, `at ${at[index]} the change is ${found}, not ${change}`);
  });
}

// ---- the window --------------------------------------------------------------------------------------------------

/** When the postsynaptic spike comes after the presynaptic one, in ms. */
const differencesMs = Array.from({ length: 81 }, (_, index) => 2.5 * (index - 40));
const singlePairs = differencesMs.map((difference): Trains => ({ pre: [200], post: [200 + difference] }));

const decay = (ms: number, tauMs: number) => Math.exp(-Math.abs(ms) / tauMs);

/** Potentiation by `plus` from 0 on, depression by `minus` before. */
function window(plus: number, tauPlusMs: number, minus: number, tauMinusMs: number) {
  return (ms: number) => (ms >= 0 ? plus * decay(ms, tauPlusMs) : -minus * decay(ms, tauMinusMs));
}

const pair = { rule: 'pair', learningRate: 0.01, tauPlusMs: 20, tauMinusMs: 30, aPlus: 0.1, aMinus: 0.105 };

const windows: Record<string, { plasticity: Plasticity; weight?: number; expected: (ms: number) => number }> =
  {
    'pair, additive': { plasticity: pair, expected: window(0.001, 20, 0.00105, 30) },
    'pair, multiplicative': {
      plasticity: { ...pair, dependence: 'multiplicative' },
      weight: 0.2,
      expected: window(0.001 * 0.8, 20, 0.00105 * 0.2, 30),
    },
    'pair, power': {
      plasticity: { ...pair, dependence: 'power', mu: 0.5 },
      weight: 0.2,
      expected: window(0.001 * Math.sqrt(0.8), 20, 0.00105 * Math.sqrt(0.2), 30),
    },
    'pair, nearest, symmetric': {
      plasticity: { ...pair, pairing: 'nearest-symmetric' },
      expected: window(0.001, 20, 0.00105, 30),
    },
    'pair, nearest, presynaptically centred': {
      plasticity: { ...pair, pairing: 'nearest-pre-centred' },
      expected: window(0.001, 20, 0.00105, 30),
    },
    'pair, nearest, reduced': {
      plasticity: { ...pair, pairing: 'nearest-reduced' },
      expected: window(0.001, 20, 0.00105, 30),
    },
    'soft-bound': {
      plasticity: { rule: 'soft-bound' },
      weight: 0.3,
      expected: (ms) => (Math.abs(ms) < 20 ? window(0.006, 10, 0.006, 10)(ms) : 0),
    },
    triplet: {
      plasticity: { rule: 'triplet', a2Plus: 0.005 },
      expected: window(0.005, 16.8, 0.007, 33.7),
    },
    'diehl-cook': {
      plasticity: { rule: 'diehl-cook' },
      expected: (ms) => (ms >= 0 ? 0 : -1e-4 * decay(ms, 20)),
    },
    vogels: {
      plasticity: { rule: 'vogels' },
      expected: (ms) => 1e-3 * (decay(ms, 20) - 2 * 0.005 * 20),
    },
  };

for (const [name, { plasticity, weight, expected }] of Object.entries(windows)) {
  test(`${name}: a pair of spikes up to 100 ms apart changes the weight as the formula says`, async (t) => {
    const changes = await weightChanges(plasticity, singlePairs, weight === undefined ? {} : { weight });
    checkCurve(t, changes, differencesMs.map(expected), differencesMs);
  });
}

test('axonal and dendritic delay shift the window in opposite directions', async (t) => {
  const changes = await weightChanges(pair, singlePairs, { delayMs: 7, dendriticMs: 2 });
  const atSynapse = window(0.001, 20, 0.00105, 30);
  const expected = differencesMs.map((ms) => atSynapse(ms + 2 - 5));
  checkCurve(t, changes, expected, differencesMs);
});

test('a reward turns the window into a change as far as the eligibility is still there', async (t) => {
  const rule = {
    rule: 'reward',
    learningRate: 0.01,
    tauPlusMs: 20,
    tauMinusMs: 30,
    aPlus: 0.1,
    aMinus: 0.105,
  };
  const plasticity = { ...rule, tauEligibilityMs: 1000, tauRewardMs: 200 };
  const finish = (network: EventNetwork) => network.reward(0.25);
  const changes = await weightChanges(plasticity, singlePairs, { finish, afterMs: 50 });
  const rewardMs = 301; // one millisecond after the last spike
  const togetherMs = 1 / (1 / 1000 + 1 / 200);
  const expected = differencesMs.map((ms) => {
    const waitedMs = rewardMs - (200 + Math.max(0, ms)); // since the second spike of the pair
    const eligibility = window(0.001, 20, 0.00105, 30)(ms) * decay(waitedMs, 1000);
    return 0.25 * eligibility * togetherMs * (1 - decay(50, togetherMs));
  });
  checkCurve(t, changes, expected, differencesMs);
});

test('teaching counts postsynaptic spikes less than 20 ms after an arrival, and only when it is told to', async (t) => {
  const finish = (network: EventNetwork) =>
    network.teach('plastic', new Float64Array(singlePairs.length).fill(2));
  const changes = await weightChanges({ rule: 'teaching' }, singlePairs, { finish });
  const expected = differencesMs.map((ms) => (ms > 0 && ms < 20 ? 2 * 0.01 * decay(ms, 10) : 0));
  checkCurve(t, changes, expected, differencesMs);
  const untaught = await weightChanges({ rule: 'teaching' }, singlePairs);
  t.true(untaught.every((change) => change === 0));
});

// ---- the frequency of pairing ------------------------------------------------------------------------------------

/** The fit to visual cortex of Pfister & Gerstner 2006, all-to-all. */
const visualCortex = {
  ...{ tauPlusMs: 16.8, tauMinusMs: 33.7, tauXMs: 101, tauYMs: 125 },
  ...{ a2Plus: 5e-10, a3Plus: 6.2e-3, a2Minus: 7e-3, a3Minus: 2.3e-4 },
};
const frequenciesHz = [0.1, 1, 5, 10, 20, 30, 40, 50];
const pairings = 60;

/** Sjöström et al. 2001 in visual cortex: relative change and its standard error, by frequency in Hz. */
const measured = {
  preFirst: { 0.1: [-0.04, 0.05], 10: [0.14, 0.1], 20: [0.29, 0.14], 40: [0.53, 0.11], 50: [0.56, 0.26] },
  postFirst: { 0.1: [-0.29, 0.08], 10: [-0.41, 0.11], 20: [-0.34, 0.1], 40: [0.56, 0.32], 50: [0.75, 0.19] },
} as const;

function frequencyCurve(differenceMs: number): Promise<number[]> {
  const trains = frequenciesHz.map((frequency): Trains => {
    const pre = Array.from({ length: pairings }, (_, index) => 100 + (1000 * index) / frequency);
    return { pre, post: pre.map((time) => time + differenceMs) };
  });
  return weightChanges({ rule: 'triplet', ...visualCortex, wMin: -10, wMax: 10 }, trains, { weight: 1 });
}

/** The same in closed form: traces before the k-th pairing are geometric series. */
function frequencyCurveInClosedForm(differenceMs: number): number[] {
  const { tauPlusMs, tauMinusMs, tauXMs, tauYMs, a2Plus, a3Plus, a2Minus, a3Minus } = visualCortex;
  return frequenciesHz.map((frequency) => {
    const periodMs = 1000 / frequency;
    /** Of k earlier spikes, one period after the last. */
    const trace = (tauMs: number, k: number) => {
      const q = Math.exp(-periodMs / tauMs);
      return (q * (1 - q ** k)) / (1 - q);
    };
    const preFirst = differenceMs > 0;
    let change = 0;
    for (let k = 0; k < pairings; k++) {
      const r1 = (trace(tauPlusMs, k) + Number(preFirst)) * Math.exp(-differenceMs / tauPlusMs);
      const o1 = (trace(tauMinusMs, k) + Number(!preFirst)) * Math.exp(differenceMs / tauMinusMs);
      change += r1 * (a2Plus + a3Plus * trace(tauYMs, k)) - o1 * (a2Minus + a3Minus * trace(tauXMs, k));
    }
    return change;
  });
}

test('60 pairings at 0.1 to 50 Hz change a triplet synapse as the closed form says', async (t) => {
  for (const differenceMs of [10, -10]) {
    const curve = await frequencyCurve(differenceMs);
    checkCurve(t, curve, frequencyCurveInClosedForm(differenceMs), frequenciesHz);
  }
});

test('the frequency of pairing matters as in visual cortex', async (t) => {
  const preFirst = await frequencyCurve(10);
  const postFirst = await frequencyCurve(-10);
  const at = (curve: readonly number[], hz: number) => curve[frequenciesHz.indexOf(hz)]!;

  t.true(Math.abs(at(preFirst, 0.1)) < 0.01, 'no potentiation by rare pairs');
  t.true(
    preFirst.slice(1).every((change, index) => change > preFirst[index]!),
    'faster pairs potentiate more',
  );
  for (const hz of [0.1, 1, 5, 10, 20]) t.true(at(postFirst, hz) < -0.2, `depression at ${hz} Hz`);
  for (const hz of [40, 50]) t.true(at(postFirst, hz) > 0.1, `potentiation at ${hz} Hz in either order`);

  for (const [curve, data] of [
    [preFirst, measured.preFirst],
    [postFirst, measured.postFirst],
  ] as const) {
    for (const [hz, [change, standardError]] of Object.entries(data)) {
      const off = Math.abs(at(curve, Number(hz)) - change) / standardError;
      t.true(off < 1.5, `${off} standard errors from the measurement at ${hz} Hz`);
    }
  }
});
