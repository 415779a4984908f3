// Trains a small network of its own on arrays from code: dark and bright squares with noise.
import { conv2d, Dataset, dense, fit, LayerNetwork, lif, maxPool2d } from 'synfire';

const side = 12;
const size = side * side;
const count = 4000;

const network = new LayerNetwork({
  inputShape: [1, side, side],
  timesteps: 8,
  encoder: 'rate',
  layers: [
    conv2d({ filters: 8, kernel: 3, padding: 1, neuron: lif({ threshold: 1, reset: 'subtract' }) }),
    maxPool2d({ kernel: 2 }),
    dense({ units: 64 }),
    dense({ units: 4 }),
  ],
  learning: { mode: 'bptt', surrogate: 'atan' },
});

const dataset = Dataset.fromArrays({ ...drawSquares(), shape: [1, side, side], classes: 4 });
const result = await fit(network, dataset, { epochs: 5, batchSize: 32, validation: 0.2 });
console.log(`best epoch ${result.best?.epoch}: ${result.best?.monitor} ${result.best?.value.toFixed(4)}`);

const { classes } = await network.predict(drawSquares().samples.subarray(0, 10 * size));
console.log('classes of ten new pictures:', [...classes]);

/** Numbers from 0 to 1 and, as labels, the quarter of the picture that holds a bright square. */
function drawSquares(): { samples: Float32Array; labels: Int32Array } {
  const samples = Float32Array.from({ length: count * size }, () => 0.3 * Math.random());
  const labels = Int32Array.from({ length: count }, () => Math.floor(4 * Math.random()));
  labels.forEach((label, sample) => {
    const top = (label >> 1) * (side / 2) + Math.floor(3 * Math.random());
    const left = (label & 1) * (side / 2) + Math.floor(3 * Math.random());
    for (let row = top; row < top + 3; row++) {
      samples.fill(0.9, sample * size + row * side + left, sample * size + row * side + left + 3);
    }
  });
  return { samples, labels };
}
