import test, { type ExecutionContext } from 'ava';
import {
  completeSimulation,
  namedTables,
  networkOf,
  type SimulationConfig,
} from '../../lib/config/simulation.ts';
import { type Language, readDocument } from '../../lib/config/source.ts';
import { SynfireError } from '../../lib/errors.ts';

function parse(text: string, language: Language = 'toml'): SimulationConfig {
  const { table, locate } = readDocument({ text, file: 'net.toml', language }, { named: namedTables });
  return completeSimulation(table, locate);
}

function refused(t: ExecutionContext, text: string): SynfireError {
  const error = t.throws(() => parse(text), { instanceOf: SynfireError });
  t.is(error.code, 'ERR_SYNFIRE_CONFIG');
  return error;
}

const cells = '[populations.cells]\nsize = 4\nmodel = "lif"\n';

test('a file describes populations, projections, inputs and recordings', (t) => {
  const config = parse(`
    duration_ms = 250
    transient_ms = 50
    seed = 7
    dt_ms = 0.25
    precision = "float64"
    threads = 2

    [populations.exc_cells]
    size = 80
    model = "conductance-lif"
    parameters = { tau_ms = 20, method = "exponential-euler" }
    initial = { v = { uniform = [-65, -55] } }
    intrinsic = { eta_mv = 0.5 }

    [populations.noise]
    size = 10
    source = "poisson"
    rate_hz = 5

    [populations.stimulus]
    size = 3
    source = "list"

    [[projections]]
    source = "noise"
    target = "exc_cells"
    connect = { in_degree = 5, multiple = true }
    weight = { normal = [0.5, 0.1], min = 0 }
    delay_ms = { uniform = [1, 3] }
    plasticity = { rule = "pair", learning_rate = 0.5, a_plus = 0.2, pairing = "nearest-symmetric" }
    normalisation = { total = 2 }
    scaling = { target_rate_hz = 3, w_max = 4 }

    [inputs.stimulus]
    times_ms = [1, 2.5]
    neurons = [2, 0]

    [inputs.noise]
    rates_hz = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

    [[recordings]]
    kind = "state"
    population = "exc_cells"
    variable = "v"
    neurons = { from = 3, count = 2 }

    [[recordings]]
    kind = "weights"
    projection = "noise->exc_cells"
    synapses = [0, 5]
    interval_ms = 10
  `);
  t.like(config, { durationMs: 250, transientMs: 50, seed: 7, dtMs: 0.25, precision: 'float64', threads: 2 });
  t.like(config.populations.exc_cells, {
    size: 80,
    parameters: { tauMs: 20, method: 'exponential-euler' },
    intrinsic: { etaMv: 0.5, targetRateHz: 5 },
  });
  t.like(config.projections[0], {
    connect: { inDegree: 5, multiple: true, self: true },
    weight: { normal: [0.5, 0.1], min: 0 },
    delayMs: { uniform: [1, 3] },
    plasticity: { rule: 'pair', learningRate: 0.5, aPlus: 0.2, pairing: 'nearest-symmetric' },
    normalisation: { total: 2, periodMs: 0 },
    scaling: { targetRateHz: 3, wMax: 4, wMin: 0 },
  });
  t.deepEqual(config.inputs.stimulus, { timesMs: [1, 2.5], neurons: [2, 0] });
  t.deepEqual(config.recordings, [
    { kind: 'state', population: 'exc_cells', variable: 'v', neurons: { from: 3, count: 2 }, intervalMs: 1 },
    { kind: 'weights', projection: 'noise->exc_cells', synapses: [0, 5], intervalMs: 10 },
  ]);
  const network = networkOf(config);
  t.false(['durationMs', 'transientMs', 'inputs', 'recordings'].some((key) => key in network));
  t.like(network, { seed: 7, threads: 2 });
});

test('names of populations stay as they are written', (t) => {
  const { populations } = parse(`${cells}[populations.other_cells]\nsize = 1\nmodel = "lif"\n`);
  t.deepEqual(Object.keys(populations), ['cells', 'other_cells']);
});

test('the order of populations is that of the file', (t) => {
  const names = ['z', 'a', 'm'];
  const text = names.map((name) => `[populations.${name}]\nsize = 1\nmodel = "lif"\n`).join('');
  t.deepEqual(Object.keys(parse(text).populations), names);
});

test('JSON describes a simulation as well', (t) => {
  const text = '{"duration_ms": 5, "populations": {"my_cells": {"size": 2, "model": "izhikevich"}}}';
  const config = parse(text, 'json');
  t.is(config.durationMs, 5);
  t.like(config.populations.my_cells, { size: 2, model: 'izhikevich' });
});

const faults: [what: string, text: string, message: RegExp][] = [
  [
    'a parameter out of range',
    `${cells}parameters = { tau_ms = 0 }`,
    /^net\.toml:4: populations\.cells\.parameters\.tauMs is 0/,
  ],
  [
    'a misspelt parameter',
    `${cells}parameters = { tau_m = 1 }`,
    /:4: .*tauM is not a known key; did you mean tauMs\?/,
  ],
  [
    'a misspelt key',
    `duration_m = 5\n${cells}`,
    /:1: durationM is not a known key; did you mean durationMs\?/,
  ],
  [
    'an unknown model',
    '[populations.c_d]\nsize = 1\nmodel = "lef"',
    /^net\.toml:3: populations\.c_d\.model is "lef"; .*did you mean "lif"\?/,
  ],
  [
    'an unknown rule',
    `${cells}[[projections]]\nsource = "cells"\ntarget = "cells"\nconnect = "all-to-all"\nplasticity = { rule = "pairs" }`,
    /:8: projections\.0\.plasticity\.rule is "pairs"; .*did you mean "pair"\?/,
  ],
  [
    'an unknown population',
    `${cells}[[projections]]\nsource = "cell"\ntarget = "cells"\nconnect = "all-to-all"`,
    /:5: projections\.0\.source is "cell"; .*did you mean "cells"\?/,
  ],
  ['no population', 'duration_ms = 5', /populations is missing/],
  [
    'a duration between two steps',
    `duration_ms = 1.05\n[populations.c]\nsize = 1\nmodel = "adex"`,
    /:1: durationMs is 1\.05; expected a multiple of dtMs, 0\.1/,
  ],
  [
    'inputs of neurons',
    `${cells}[inputs.cells]\ntimes_ms = []\nneurons = []`,
    /:4: inputs\.cells .*no input: there are no sources/,
  ],
  [
    'inputs of an unknown source',
    '[populations.list]\nsize = 1\nsource = "list"\n[inputs.lisp]\ntimes_ms = []\nneurons = []',
    /:4: inputs\.lisp .*did you mean "list"\?/,
  ],
  [
    'rates of a list',
    '[populations.a]\nsize = 1\nsource = "list"\n[inputs.a]\nrates_hz = [1]',
    /:4: inputs\.a .*timesMs and neurons/,
  ],
  [
    'too few rates',
    '[populations.a]\nsize = 2\nsource = "poisson"\n[inputs.a]\nrates_hz = [1]',
    /:5: inputs\.a\.ratesHz .*2 rates/,
  ],
  [
    'times without neurons',
    '[populations.a]\nsize = 2\nsource = "list"\n[inputs.a]\ntimes_ms = [1]',
    /inputs\.a\.neurons is missing/,
  ],
  [
    'fewer neurons than times',
    '[populations.a]\nsize = 2\nsource = "list"\n[inputs.a]\ntimes_ms = [1, 2]\nneurons = [1]',
    /:6: inputs\.a\.neurons .*2 neurons/,
  ],
  [
    'a recording of nothing known',
    `${cells}[[recordings]]\nkind = "spikes"\npopulation = "cell"`,
    /:6: recordings\.0\.population is "cell"; .*did you mean "cells"\?/,
  ],
  [
    'an unknown kind of recording',
    `${cells}[[recordings]]\nkind = "spike"\npopulation = "cells"`,
    /:5: recordings\.0\.kind is "spike"; .*did you mean "spikes"\?/,
  ],
  [
    'neurons that there are not',
    `${cells}[[recordings]]\nkind = "spikes"\npopulation = "cells"\nneurons = [1, 4]`,
    /:7: recordings\.0\.neurons .*neurons below 4/,
  ],
  [
    'a row of neurons beyond the last',
    `${cells}[[recordings]]\nkind = "spikes"\npopulation = "cells"\nneurons = { from = 3, count = 2 }`,
    /:7: .*neurons below 4/,
  ],
  [
    'a name that is none for a file',
    `${cells}[[recordings]]\nkind = "spikes"\npopulation = "cells"\nname = "../a"`,
    /:7: recordings\.0\.name is "\.\.\/a"/,
  ],
  ['a prototype as population', '[populations.__proto__]\nsize = 1', /is not accepted as a key/],
];

for (const [what, text, message] of faults) {
  test(`${what} is refused with its place`, (t) => {
    t.regex(refused(t, text).message, message);
  });
}

test('neurons that are integrated from event to event can end anywhere', (t) => {
  t.is(parse(`duration_ms = 1.05\n${cells}`).durationMs, 1.05);
});
