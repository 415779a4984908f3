"""A spatial layer in PyTorch, as fast as whole-tensor operations make it: every neuron sees a box of 3 x 3 x 3 cells, the
pattern in it chooses one of nine pages of float32 weights, and a hyperbolic tangent answers. Prints times as JSON."""
import argparse
import json
import statistics
import time

import torch

PAGES = 9


def windows(grid):
    """Indices of the 27 cells that each neuron sees, moved inward at borders: [neurons, 27]."""
    starts = [torch.clamp(torch.arange(size) - 1, 0, max(0, size - 3)) for size in grid]
    spans = [start[:, None] + torch.arange(min(3, size)) for start, size in zip(starts, grid)]
    x, y, z = spans
    index = x[None, None, :, None, None, :] + grid[0] * (
        y[None, :, None, None, :, None] + grid[1] * z[:, None, None, :, None, None])
    return index.reshape(grid[0] * grid[1] * grid[2], -1)


class Layer:
    def __init__(self, grid):
        self.index = windows(grid)
        self.neurons, cells = self.index.shape
        self.weights = torch.rand(self.neurons, PAGES, cells + 1) * 2 - 1
        self.rows = torch.arange(self.neurons)

    def see(self, inputs):
        """Fields [samples, neurons, 28] and the pages that answer [samples, neurons]."""
        field = inputs[:, self.index]
        pages = ((field.mean(-1) + 1) * (PAGES / 2)).long().clamp_(0, PAGES - 1)
        return torch.cat([field, torch.ones(*field.shape[:2], 1)], -1), pages

    def answer(self, field, pages):
        sums = (field * self.weights[self.rows, pages]).sum(-1)
        return torch.tanh(sums * (8 / field.shape[-1]))

    def forward(self, inputs):
        return self.answer(*self.see(inputs))

    def learn(self, inputs, targets):
        field, pages = self.see(inputs)
        output = self.answer(field, pages)
        delta = (output - targets) * (1 - output * output)
        change = delta[..., None] * field * -0.01
        rows = self.rows.expand(len(inputs), -1)
        self.weights.index_put_((rows, pages), change, accumulate=True)
        self.weights.clamp_(-1, 1)


def median_ms(step, seconds):
    step()
    times, until = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < until:
        began = time.perf_counter()
        step()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--grid', required=True)
    parser.add_argument('--threads', type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    layer = Layer([int(size) for size in options.grid.split(',')])
    values = torch.rand(32, layer.neurons) * 2 - 1 if layer.neurons <= 10_000 else torch.rand(1, layer.neurons)
    one = values[:1]
    with torch.no_grad():
        report = {
            'forwardMs': median_ms(lambda: layer.forward(one), 0.5),
            'learnMs': median_ms(lambda: layer.learn(one, one), 1),
            'batchSamplesPerSecond': None,
        }
        if len(values) > 1:
            report['batchSamplesPerSecond'] = 32_000 / median_ms(lambda: layer.learn(values, values), 1)
    print(json.dumps(report))


main()
