// What is understood of the programs to measure beside: the peer's surrogates and what they all print.
import test from 'ava';
import { parsers } from '../../bench/limits.ts';
import { parsePeerOutput, peerSurrogate } from '../../bench/peer.ts';

test("the peer's surrogates have synfire's shapes", (t) => {
  t.deepEqual(peerSurrogate({ kind: 'triangle', width: 0.5 }), { name: 'tri', alpha: 2 });
  t.deepEqual(peerSurrogate({ kind: 'rectangle', width: 0.5 }), { name: 'box', alpha: 0.5 });
  t.deepEqual(peerSurrogate({ kind: 'atan', alpha: 2 }), { name: 'atan', alpha: 2 });
  t.deepEqual(peerSurrogate({ kind: 'fastSigmoid', slope: 25 }), { name: 'fs', alpha: 25 });
  t.throws(() => peerSurrogate({ kind: 'sigmoid', slope: 4 }), { message: /no surrogate of kind sigmoid/ });
});

test("the peer's step and memory are read from what it prints", (t) => {
  const text = `torch 1.13.0 rate train B=64 T=10 threads=2 surr=tri: batches=250 median=24.03 ms (p10 23.50, p90 25.11) mean=24.2 ms
densities {'input': 0.1012, 'conv': 0.08} peak RSS 412 MiB`;
  t.deepEqual(parsePeerOutput(text), { stepMs: 24.03, peakMemoryBytes: 412 * 2 ** 20 });
  t.throws(() => parsePeerOutput('Traceback'), { message: /printed no times/ });
});

test('limits are the best figures of each kind', (t) => {
  const peaks = `fma f32 avx2 threads=2 210.5 Gop/s (multiply and add counted separately)
fma f32 avx512 threads=2 400.1 Gop/s (multiply and add counted separately)
fma f32 avx512 threads=2 410.9 Gop/s (multiply and add counted separately)
dpbusd int8 avx512 threads=2 1604.0 Gop/s (multiply and add counted separately)`;
  t.deepEqual(parsers.fma_peak(peaks), { fp32: 410.9e9, int8: 1604e9 });
  t.deepEqual(parsers.fma_peak(''), { fp32: null, int8: null });

  const triad = `triad threads=2 3x256 MiB median=30.0 best=33.0 GB/s (12 B/element counted; write-allocate not counted)
read  threads=2 1x256 MiB median=35.0 best=36.0 GB/s (5)`;
  t.deepEqual(parsers.stream_triad(triad), { memory: 40e9 }, 'the line that is written to is read as well');

  const product =
    'sgemm SkylakeX NN threads=2 M=320 N=1024 K=2304 reps=90 median=150.5 best=160.1 GFLOP/s (median 10.0 ms)';
  t.deepEqual(parsers.gemm_peak(product), { sgemm: 150.5e9 });
});
