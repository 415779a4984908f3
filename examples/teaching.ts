// Teaches three neurons to tell the digits 0, 1 and 2 apart: each pixel is one spike, the earlier the brighter.
import { datasets, EventNetwork, presets, trainTeaching } from 'synfire';

const data = await datasets.load('digits', { limit: 10_000 });
const network = new EventNetwork(presets.teaching({ classes: 3 }));

for await (const round of trainTeaching(network, data, { batchSize: 2, evaluateEvery: 500 })) {
  console.log(
    `${round.images} images: ${(100 * (round.validationAccuracy ?? 0)).toFixed(1)} % of the validation`,
  );
}
