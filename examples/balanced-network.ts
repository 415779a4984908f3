// A random balanced network from code (Vogels & Abbott 2005): mean rates, and the potential of one neuron.
import { EventNetwork } from 'synfire';

const neuron = {
  model: 'lif',
  parameters: {
    ...{ synapse: 'exponential', integration: 'grid', restMv: -49, resetMv: -60, thresholdMv: -50 },
    ...{ tauMs: 20, refractoryMs: 5, tauExcMs: 5, tauInhMs: 10 },
  },
  initial: { v: { uniform: [-60, -50] } },
} as const;
const sizes = { excitatory: 3200, inhibitory: 800 };
const weights = { excitatory: 1.62, inhibitory: -9 };
const names = ['excitatory', 'inhibitory'] as const;

const network = new EventNetwork({
  seed: 1,
  dtMs: 0.1,
  populations: {
    excitatory: { size: sizes.excitatory, ...neuron },
    inhibitory: { size: sizes.inhibitory, ...neuron },
  },
  projections: names.flatMap((source) =>
    names.map((target) => ({
      source,
      target,
      connect: { probability: 0.02 },
      weight: weights[source],
      delayMs: 2,
    })),
  ),
});

const spikes = network.recordSpikes('excitatory');
const potential = network.recordState('excitatory', 'v', { neurons: [0], intervalMs: 0.1 });
const { simulatedMs, wallMs, synapticEvents } = await network.run(1000);

const rate = spikes.take().neurons.length / sizes.excitatory / (simulatedMs / 1000);
const { values } = potential.take();
const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
console.log(
  `excitatory neurons fire at ${rate.toFixed(2)} Hz; neuron 0 is at ${mean.toFixed(1)} mV on average`,
);
console.log(`${synapticEvents} synaptic events, ${(wallMs / simulatedMs).toFixed(3)} of real time`);
