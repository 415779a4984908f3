// Trains the convolutional network on the built-in digits, in ten lines.
import { datasets, fit, LayerNetwork, presets } from 'synfire';

const data = await datasets.load('digits');
const network = new LayerNetwork(presets.convSnn());

for await (const epoch of fit(network, data, { epochs: 3, augmentation: { shift: 1 } })) {
  console.log(
    `epoch ${epoch.epoch}: loss ${epoch.trainLoss.toFixed(4)}, validation ${epoch.validationAccuracy}`,
  );
}

const { accuracy } = await network.evaluate(data.test);
console.log(`${(100 * accuracy).toFixed(2)} % of the test digits are read correctly`);
