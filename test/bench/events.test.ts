// The benchmarks of event networks: what they understand of their peers, and what their tables say.
import test from 'ava';
import { parseBareBalanced, parseBareDiehlCook } from '../../bench/bare-loops.ts';
import { parseBrian2 } from '../../bench/brian2.ts';
import { balancedNames, balancedNetwork, diehlCookNetwork } from '../../bench/event-networks.ts';
import { type EventsReport, renderEvents, type Turn } from '../../bench/events-report.ts';

test('the bare loops are read', (t) => {
  const balanced = `cuba N=4000 syn=319812 T=5000ms threads=2 stdp=1 wall=0.0875s RTF(wall/sim)=0.0175 sim/wall=57.14 rate=5.51Hz synev=8811111 synev/s=100.7M | thread0: neuron 0.062s (0.62 ns/update) deliver 0.020s (220 Mev/s) wait 0.005s bytes/syn=11.8`;
  t.deepEqual(parseBareBalanced(balanced), {
    ...{ wallMs: 87.5, rateHz: 5.51, synapses: 319_812, bytesPerSynapse: 11.8 },
  });
  const diehlCook =
    'limit dc400 threads=2 images=120 rest=150ms wall=0.080s images/s=1500.0 in_spikes/img=2190 exc/img=12.9 inh/img=12.8 synev/s=1340.5M';
  t.deepEqual(parseBareDiehlCook(diehlCook), {
    ...{ imagesPerSecond: 1500, eventsPerSecond: 1340.5e6, spikesPerImage: 12.9 },
  });
  t.throws(() => parseBareBalanced('Segmentation fault'), { message: /printed no/ });
});

test("Brian2's line is found below what its compiler says", (t) => {
  t.deepEqual(parseBrian2('WARNING something\n{"wall": 0.09, "rate": 5.5}\n'), { wall: 0.09, rate: 5.5 });
  t.throws(() => parseBrian2('Traceback'), { message: /printed no results/ });
});

test('networks have the sizes and, where they learn, the rule that their names promise', (t) => {
  const sizes = { cuba: [3200, 800, 0.02], brunel: [8000, 2000, 0.1] };
  for (const name of balancedNames) {
    const { populations, projections = [] } = balancedNetwork(name, { stdp: true });
    const probabilities = projections.map(({ connect }) => (connect as { probability: number }).probability);
    t.deepEqual([populations.e!.size, populations.i!.size, ...new Set(probabilities)], sizes[name]);
    t.is(projections.length, 4);
    t.deepEqual(
      projections
        .filter(({ plasticity }) => plasticity !== undefined)
        .map(({ source, target }) => source + target),
      ['ee'],
    );
    const { projections: fixed = [] } = balancedNetwork(name, {});
    t.true(fixed.every(({ plasticity }) => plasticity === undefined));
  }
  const { populations } = diehlCookNetwork({});
  t.deepEqual([populations.x!.size, populations.e!.size, populations.i!.size], [784, 400, 400]);
});

const turn = (wallMs: number, events: number): Turn => ({
  ...{ wallMs, events, work: 1000, activity: 5.5, bytesPerSynapse: 8 },
});

test('sides are compared by the time for the same work, round by round', (t) => {
  const report: EventsReport = {
    machine: { processor: 'p', threads: 2, instructionSet: 'avx2', synfire: '1', node: '20' },
    ...{ title: 'cuba', unit: 'biological time', rounds: 2, brian2: '2.5.1', remarks: ['a remark'] },
    measurements: [
      {
        threads: 1,
        sides: {
          synfire: [turn(40, 2e6), turn(44, 2e6)],
          bare: [turn(20, 2e6), turn(40, 2e6)],
          brian2: [
            { ...turn(50, 1e6), work: 500 },
            { ...turn(55, 1e6), work: 500 },
          ],
        },
      },
      { threads: 2, sides: { synfire: [turn(20, 2e6), turn(22, 2e6)] } },
    ],
  };
  const { tables, notes } = renderEvents(report);
  const [times, ratios] = tables;
  t.deepEqual(times!.rows[0]!.slice(0, 5), ['1', 'synfire', '0.0420 (0.0400–0.0440)', '47.7 M', '5.50 Hz']);
  t.deepEqual(
    times!.rows.map(([threads, side]) => `${threads} ${side}`),
    ['1 synfire', '1 bare loop', '1 Brian2', '2 synfire'],
  );
  t.deepEqual(ratios!.rows, [
    ['1', '1.55× (1.10–2.00)', '-', '2.50×', '-'],
    ['2', '-', '-', '-', '2.00×'],
  ]);
  t.true(notes.includes('a remark'));
});
