// A network of grids learns to repeat four numbers, grows where its memories are full, learns on, and is pruned.
import { mortonDecode, presets, SpatialNetwork } from 'synfire';

const network = new SpatialNetwork(...presets.spatialIdentity({ growth: { everyBatches: 0 } }));
const grids = network.grids.map((grid) => grid.join(' x ')).join(' -> ');
console.log(`${grids}: ${network.statistics().neurons} neurons`);

async function learn(batches: number): Promise<void> {
  for (let batch = 1; batch <= batches; batch++) {
    const inputs = Float32Array.from({ length: 16 * network.inputs }, () => Math.random());
    const { loss } = await network.trainBatch(inputs, inputs);
    if (batch % 100 === 0) console.log(`after ${network.batches} batches: loss ${loss.toFixed(4)}`);
  }
}

await learn(500);
const { added } = await network.grow();
console.log(`${added} neurons more, and the same outputs`);
await learn(500);
const { removed } = await network.prune(0.01);
console.log(`${removed} neurons less: those that had stored next to nothing`);

for (const { grid, neurons, active, meanSaturation, sparsity, memoryBytes } of network.statistics().layers) {
  const full = `memories ${Math.round(100 * meanSaturation)} % full`;
  const unused = `${Math.round(100 * sparsity)} % of all weights never needed`;
  console.log(
    `${grid.join(' x ')}: ${neurons} neurons, ${active} active, ${full}, ${unused}, ${memoryBytes} bytes`,
  );
}

const { ids, parents, mortonCodes } = network.neurons(0);
console.log(`neuron ${ids[0]} lies at ${mortonDecode(mortonCodes[0]!)} and split from ${parents[0]}`);
const output = network.forward([0.1, 0.4, 0.6, 0.9]);
console.log('0.1 0.4 0.6 0.9 becomes', Array.from(output, (value) => value.toFixed(2)).join(' '));
