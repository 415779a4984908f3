"""The nearest thing in PyTorch to the networks of spatial_timings: locally connected layers of tanh neurons with one
weight for each cell of the same windows, no contexts and no pages; forward, and forward + gradient + a step of SGD.
Timed by CUDA events. Prints one line for each network, batch, type and way, and how many times faster the times in the
output of spatial_timings are than the best of these: torch_spatial.py [SECONDS [TIMINGS]]."""

import sys
import time

import torch

WARM_UP, TIMED = 3, 10
best = {}  # by network, batch and forward or learn


def windows(below, own, reach):
    """Indices of the cells that every neuron sees: [neurons, cells], x fastest."""
    starts, sizes = [], []
    for under, over, r in zip(below, own, reach):
        middle = (2 * torch.arange(over) + 1) * under // (2 * over)
        size = min(2 * r + 1, under)
        starts.append((middle - r).clamp(0, under - size))
        sizes.append(size)
    z, y, x = torch.meshgrid(*[starts[a] for a in (2, 1, 0)], indexing="ij")
    oz, oy, ox = torch.meshgrid(*[torch.arange(sizes[a]) for a in (2, 1, 0)], indexing="ij")
    corner = x + below[0] * (y + below[1] * z)
    offset = ox + below[0] * (oy + below[1] * oz)
    return (corner.reshape(-1, 1) + offset.reshape(1, -1)).contiguous()


class Local(torch.nn.Module):
    def __init__(self, below, own, reach, product):
        super().__init__()
        self.register_buffer("index", windows(below, own, reach).to("cuda", torch.int32))
        neurons, cells = self.index.shape
        self.weight = torch.nn.Parameter(torch.randn(neurons, cells, device="cuda") / cells**0.5)
        self.bias = torch.nn.Parameter(torch.zeros(neurons, device="cuda"))
        self.product = product

    def forward(self, x):
        seen = x[:, self.index]
        if self.product == "einsum":
            total = torch.einsum("snk,nk->sn", seen, self.weight)
        else:
            total = (seen * self.weight).sum(-1)
        return torch.tanh(total + self.bias)


def network(grids, reach, product, dtype):
    layers = [Local(b, o, r, product) for b, o, r in zip(grids, grids[1:], reach)]
    return torch.nn.Sequential(*layers).to(dtype)


def milliseconds(run):
    for _ in range(WARM_UP):
        run()
    times = []
    for _ in range(TIMED):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        run()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end))
    return sorted(times)[TIMED // 2]


def graphed(run):
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


def measure(name, grids, reach, samples, dtype, way):
    model = network(grids, reach, "sum" if way == "compiled" else "einsum", dtype)
    cells = [g[0] * g[1] * g[2] for g in grids]
    x = torch.randn(samples, cells[0], device="cuda", dtype=dtype)
    target = torch.randn(samples, cells[-1], device="cuda", dtype=dtype)
    called = torch.compile(model) if way == "compiled" else model
    parameters = list(model.parameters())

    def forward():
        with torch.no_grad():
            called(x)

    def learn():
        loss = (called(x) - target).square().mean()
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            torch._foreach_add_(parameters, gradients, alpha=-0.01)

    results = []
    for run in (forward, learn):
        run()
        results.append(milliseconds(graphed(run) if way == "graph" else run))
    kind = str(dtype).removeprefix("torch.")
    print(f"torch {name:26s} {samples:5d} {kind:8s} {way:8s} forward {results[0]:9.4f} learn {results[1]:9.4f}", flush=True)
    for what, time_ms in zip(("forward", "learn"), results):
        key = (name, samples, what)
        best[key] = min(best.get(key, (time_ms, "")), (time_ms, f"{way} {kind}"))


def compare(timings):
    """Lines of spatial_timings: name, batch, what, milliseconds."""
    for line in open(timings):
        fields = line[26:].split()
        key = (line[:26].strip(), int(fields[0]), fields[1]) if fields and fields[0].isdigit() else None
        if key in best:
            peer, way = best[key]
            own = float(fields[2])
            print(f"{key[0]:26s} {key[1]:5d} {key[2]:8s} {own:9.4f} ms, torch {peer:9.4f} ms ({way}): {peer / own:6.1f}x")


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    start = time.time()
    million, small, cube = (125, 125, 64), (16, 16, 16), (1, 1, 1)
    digits, digits_reach = [(28, 28, 1), (14, 14, 8), (7, 7, 8), (10, 1, 1)], [(2, 2, 0), (1, 1, 8), (4, 4, 8)]
    networks = [
        ("1,000,000 neurons", [million, million], [cube], 1),
        ("4,096 neurons", [small, small], [cube], 64),
        ("28x28-14x14x8-7x7x8-10", digits, digits_reach, 64),
        ("28x28-14x14x8-7x7x8-10", digits, digits_reach, 1024),
        ("1,000,000 neurons", [million, million], [cube], 64),
    ]
    print(f"torch {torch.__version__}, {torch.cuda.get_device_name()}")
    for way in ("eager", "graph", "compiled"):
        for name, grids, reach, samples in networks:
            for dtype in (torch.float32, torch.bfloat16):
                if time.time() - start > seconds:
                    print("torch: out of time")
                    break
                try:
                    measure(name, grids, reach, samples, dtype, way)
                except Exception as error:  # a way that does not work is a result too
                    print(f"torch {name:26s} {samples:5d} {way:8s} failed: {str(error).splitlines()[0][:100]}", flush=True)
                torch.cuda.empty_cache()
    if len(sys.argv) > 2:
        compare(sys.argv[2])


main()
