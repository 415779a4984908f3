// Trains the network of Diehl & Cook on the built-in digits and writes what its neurons have come to look for.
import { writeFile } from 'node:fs/promises';
import { datasets, EventNetwork, encodeReceptiveFields, presets, trainUnsupervised } from 'synfire';

const data = await datasets.load('digits', { limit: 20_000 });
const network = new EventNetwork(presets.diehlCook({ neurons: 400 }));
const training = trainUnsupervised(network, data, {
  evaluateEvery: 5000,
  labels: { images: 5000 },
});

for await (const round of training) {
  const accuracy = (100 * (round.validationAccuracy ?? 0)).toFixed(1);
  const activity = `${round.spikesPerImage.toFixed(1)} spikes an image`;
  console.log(
    `${round.images} images: ${accuracy} %, ${activity}, ${round.imagesPerSecond.toFixed(0)} images/s`,
  );
}

const { test, classifier } = await training;
console.log(`${(100 * (test?.accuracy ?? 0)).toFixed(1)} % of the test digits are read correctly`);
await writeFile('receptive-fields.png', encodeReceptiveFields(classifier.receptiveFields()).png);
