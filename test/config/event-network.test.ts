// The description of an event network: what is filled in, and what is said about mistakes.
import test from 'ava';
import { check } from '../../lib/config/check.ts';
import { eventNetworkSchema } from '../../lib/config/event-network.ts';
import { SynfireError } from '../../lib/errors.ts';

const checked = (value: unknown) => check(eventNetworkSchema, value, { root: '' });

const neurons = { size: 4, model: 'lif' };
const withPopulation = (change: object) => ({ populations: { a: { ...neurons, ...change } } });
const withProjection = (change: object) => ({
  populations: { a: neurons },
  projections: [{ source: 'a', target: 'a', connect: 'all-to-all', ...change }],
});

test('defaults are filled in, those of models and rules are left to the engine', (t) => {
  t.deepEqual(
    checked({
      populations: { a: neurons, b: { size: 1, source: 'poisson' }, c: { size: 2, source: 'list' } },
      projections: [
        {
          ...{ source: 'b', target: 'a', connect: { inDegree: 3 } },
          ...{ plasticity: { rule: 'pair', mu: 0.5 }, normalisation: { total: 3 }, scaling: {} },
        },
      ],
    }),
    {
      ...{ seed: 1, dtMs: 0.1, precision: 'float32' },
      populations: {
        a: neurons,
        b: { size: 1, source: 'poisson', rateHz: 0 },
        c: { size: 2, source: 'list' },
      },
      projections: [
        {
          ...{ source: 'b', target: 'a', connect: { inDegree: 3, self: true, multiple: false } },
          ...{ weight: 1, delayMs: 2, dendriticMs: 0, gain: 1, plasticity: { rule: 'pair', mu: 0.5 } },
          normalisation: { total: 3, periodMs: 0 },
          scaling: {
            ...{ eta: 0.1, targetRateHz: 5, tauRateMs: 10000, periodMs: 100 },
            ...{ clamp: true, wMin: 0, wMax: 1 },
          },
        },
      ],
    } as never,
  );
});

test('populations keep their order, and lists of synapses are not copied', (t) => {
  const [sources, targets] = [new Uint32Array(2), [0, 1]];
  const { populations, projections } = checked({
    populations: { z: neurons, b: neurons, a: neurons },
    projections: [{ source: 'z', target: 'a', connect: { sources, targets } }],
  });
  t.deepEqual(Object.keys(populations), ['z', 'b', 'a']);
  const { connect } = projections[0]!;
  t.true(typeof connect === 'object' && 'sources' in connect);
  t.is((connect as { sources: unknown }).sources, sources);
  t.is((connect as { targets: unknown }).targets, targets);
});

const mistakes: Record<string, { network: unknown; field: string; message: RegExp }> = {
  'no network': { network: 5, field: '', message: /an object with keys among seed, / },
  'no populations': { network: {}, field: 'populations', message: /populations by name/ },
  'an empty network': { network: { populations: {} }, field: 'populations', message: /at least one/ },
  'an unknown key': {
    network: { populations: { a: neurons }, projection: [] },
    ...{ field: 'projection', message: /did you mean projections\?/ },
  },
  'a population with a number for a name': {
    network: { populations: { 1: neurons } },
    ...{ field: 'populations.1', message: /begins with a letter/ },
  },
  'an empty population': {
    network: withPopulation({ size: 0 }),
    ...{ field: 'populations.a.size', message: /is 0; expected an integer from 1/ },
  },
  'an unknown model': {
    network: withPopulation({ model: 'lfi' }),
    ...{ field: 'populations.a.model', message: /is "lfi".*did you mean "lif"/ },
  },
  'neither model nor source': {
    network: { populations: { a: { size: 1 } } },
    ...{ field: 'populations.a.model', message: /is missing.*"list", "poisson"/ },
  },
  'a model and a source': {
    network: withPopulation({ source: 'list' }),
    ...{ field: 'populations.a.model', message: /is not a known key/ },
  },
  'an unknown source': {
    network: { populations: { a: { size: 1, source: 'poison' } } },
    ...{ field: 'populations.a.source', message: /did you mean "poisson"/ },
  },
  'a parameter of another model': {
    network: withPopulation({ parameters: { slopeMv: 2 } }),
    ...{ field: 'populations.a.parameters.slopeMv', message: /is not a known key/ },
  },
  'a parameter out of range': {
    network: withPopulation({ parameters: { tauMs: -5 } }),
    ...{ field: 'populations.a.parameters.tauMs', message: /is -5; expected a number from 0.001/ },
  },
  'a parameter that is NaN': {
    network: withPopulation({ parameters: { restMv: Number.NaN } }),
    ...{ field: 'populations.a.parameters.restMv', message: /is NaN; expected a number/ },
  },
  'a word that is none': {
    network: withPopulation({ parameters: { synapse: 'exponental' } }),
    ...{ field: 'populations.a.parameters.synapse', message: /did you mean "exponential"/ },
  },
  'a draw without its numbers': {
    network: withPopulation({ initial: { v: { uniform: [1] } } }),
    ...{ field: 'populations.a.initial.v.uniform', message: /\[lowest, highest\]/ },
  },
  'a draw of something else': {
    network: withProjection({ weight: { lognormal: [1, 2] } }),
    ...{ field: 'projections.0.weight', message: /a number, \{ uniform = / },
  },
  'an unknown source of a projection': {
    network: withProjection({ source: 'b' }),
    ...{ field: 'projections.0.source', message: /one of "a"/ },
  },
  'an unknown connector': {
    network: withProjection({ connect: 'all-to-some' }),
    ...{ field: 'projections.0.connect', message: /one of "one-to-one", "all-to-all"/ },
  },
  'a connector of nothing': {
    network: withProjection({ connect: {} }),
    ...{ field: 'projections.0.connect', message: /probability, inDegree/ },
  },
  'a probability above 1': {
    network: withProjection({ connect: { probability: 1.5 } }),
    ...{ field: 'projections.0.connect.probability', message: /from 0 to 1/ },
  },
  'a list without targets': {
    network: withProjection({ connect: { sources: [1] } }),
    ...{ field: 'projections.0.connect.targets', message: /the target of each synapse/ },
  },
  'an unknown rule': {
    network: withProjection({ plasticity: { rule: 'pari' } }),
    ...{ field: 'projections.0.plasticity.rule', message: /did you mean "pair"/ },
  },
  'an unknown parameter of a rule': {
    network: withProjection({ plasticity: { rule: 'pair', tauPlus: 10 } }),
    ...{ field: 'projections.0.plasticity.tauPlus', message: /did you mean tauPlusMs/ },
  },
  'two projections of one name': {
    network: {
      populations: { a: neurons },
      projections: [0, 1].map(() => ({ name: 'p', source: 'a', target: 'a', connect: 'one-to-one' })),
    },
    ...{ field: 'projections.1.name', message: /no other projection/ },
  },
};

for (const [name, { network, field, message }] of Object.entries(mistakes)) {
  test(`refused: ${name}`, (t) => {
    const error = t.throws(() => checked(network), { instanceOf: SynfireError, code: 'ERR_SYNFIRE_CONFIG' });
    t.is(error?.field, field);
    t.regex(error?.message ?? '', message);
  });
}

test('all mistakes are told at once', (t) => {
  const network = {
    populations: { a: { ...neurons, size: -1 }, b: { size: 1, model: 'adex', parameters: { slopeMv: 0 } } },
    projections: [{ source: 'a', target: 'b', connect: 'none', gain: 'x' }],
  };
  const message = t.throws(() => checked(network))?.message ?? '';
  const fields = ['populations.a.size', 'parameters.slopeMv', 'projections.0.connect', 'projections.0.gain'];
  for (const field of fields) t.true(message.includes(field), message);
});
