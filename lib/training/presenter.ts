// Shows samples of a data set to the replicas of an event network, some hundred at a time.
import type { EventTrainingConfig, LatencyProtocol, Protocol } from '../config/event-training.ts';
import type { Dataset } from '../data/dataset.ts';
import { callNative, type NativeDataset } from '../native/index.ts';
import type { PresentReport, Replicas, SpikeSample } from '../networks/event-network.ts';
import { latencySpikes } from './latency.ts';

export interface PresentOptions {
  /** Whether weights and thresholds change. */
  learn: boolean;
  /** Number of the first sample, which selects its random spikes. */
  firstSample: number;
  signal: AbortSignal;
  /** Called for every part that is done, with its spikes [samples][outputs]. */
  onPart(report: PresentReport): void;
  /** Samples that are done, at most 20 times a second. */
  onProgress?(samples: number): void;
}

/** Samples whose spikes are in memory at a time. */
const part = 1024;

export class Presenter {
  readonly #replicas: Replicas;
  readonly #protocol: Protocol;
  readonly #merge: EventTrainingConfig['merge'];

  constructor(replicas: Replicas, protocol: Protocol, merge: EventTrainingConfig['merge'] = 'mean') {
    this.#replicas = replicas;
    this.#protocol = protocol;
    this.#merge = merge;
  }

  /** Memory that each replica beside the network needs. */
  get bytesPerReplica(): number {
    return this.#replicas.bytesPerReplica;
  }

  /** Samples that are shown side by side. */
  get batchSize(): number {
    return this.#replicas.count;
  }

  /**
   * Shows the samples `indices` of a data set in batches, one after another. Stops after the running batch at the
   * signal and rejects with its reason; what was done until then has been reported.
   */
  async present(dataset: Dataset, indices: Uint32Array, options: PresentOptions): Promise<void> {
    const size = Math.ceil(part / this.batchSize) * this.batchSize;
    for (let first = 0; first < indices.length; first += size) {
      const { signal, firstSample, onProgress } = options;
      signal.throwIfAborted();
      const chosen = indices.subarray(first, first + size);
      const report = await this.#presentPart(dataset, chosen, {
        ...{ learn: options.learn, counts: true, merge: this.#merge, signal },
        firstSample: firstSample + first,
        ...(onProgress && { onProgress: ({ samples }: { samples: number }) => onProgress(first + samples) }),
      });
      options.onPart(report);
      if (report.presented < chosen.length) signal.throwIfAborted();
    }
  }

  #presentPart(
    dataset: Dataset,
    indices: Uint32Array,
    common: Pick<PresentOptions, 'learn' | 'firstSample' | 'signal'> & {
      counts: true;
      merge: EventTrainingConfig['merge'];
    },
  ): Promise<PresentReport> {
    const protocol = this.#protocol;
    if (protocol.kind === 'images') {
      const { kind: _images, ...shown } = protocol;
      return this.#replicas.presentImages(dataset, indices, { ...shown, ...common, normalise: common.learn });
    }
    const { source, output, projection, sampleMs } = protocol;
    const labels = common.learn ? dataset.labels() : null;
    const samples = latencySamples(dataset.native, indices, labels, protocol);
    return this.#replicas.presentSpikes(samples, { source, output, projection, sampleMs, ...common });
  }
}

/** Samples of a data set as spikes; without labels, which only learning needs, all of class 0. */
function latencySamples(
  dataset: NativeDataset,
  indices: Uint32Array,
  labels: Int32Array | null,
  protocol: LatencyProtocol,
): SpikeSample[] {
  const bytes = callNative(() => dataset.gather(indices));
  const size = bytes.length / indices.length;
  return Array.from(indices, (index, at) => ({
    ...latencySpikes(bytes.subarray(at * size, (at + 1) * size), protocol),
    label: labels?.[index] ?? 0,
  }));
}
