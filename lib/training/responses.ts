// Reads classes off the spikes of neurons that were never told any: which neuron responds to which class, and the
// vote of all of them.
import type { LabelsConfig } from '../config/event-training.ts';

export type Vote = LabelsConfig['vote'];

/** Mean spikes of every output neuron for an image of each class, [classes][outputs], gathered image by image. */
export class ResponseCollector {
  readonly #classes: number;
  readonly #outputs: number;
  readonly #sums: Float64Array;
  readonly #images: Uint32Array;

  constructor(classes: number, outputs: number) {
    this.#classes = classes;
    this.#outputs = outputs;
    this.#sums = new Float64Array(classes * outputs);
    this.#images = new Uint32Array(classes);
  }

  /** Takes the spikes [images][outputs] and the classes of some images. */
  add(counts: Uint16Array, labels: Int32Array): void {
    labels.forEach((label, image) => {
      const own = counts.subarray(image * this.#outputs, (image + 1) * this.#outputs);
      const row = this.#sums.subarray(label * this.#outputs, (label + 1) * this.#outputs);
      for (let neuron = 0; neuron < own.length; neuron++) row[neuron]! += own[neuron]!;
      this.#images[label]! += 1;
    });
  }

  /** A class without images has no responses. */
  means(): Float64Array {
    const means = this.#sums.slice();
    for (let label = 0; label < this.#classes; label++) {
      const images = Math.max(1, this.#images[label]!);
      const row = means.subarray(label * this.#outputs, (label + 1) * this.#outputs);
      for (let neuron = 0; neuron < row.length; neuron++) row[neuron]! /= images;
    }
    return means;
  }
}

/** The responses of neurons that stand for a class each. */
export function taughtResponses(classes: number): Float64Array {
  return Float64Array.from({ length: classes * classes }, (_, at) => (at % (classes + 1) === 0 ? 1 : 0));
}

/** The class that each neuron responds to most, the first of several; -1 for one that never fires. */
export function assignClasses(responses: Float64Array, classes: number): Int32Array {
  const outputs = responses.length / classes;
  const assigned = new Int32Array(outputs).fill(-1);
  for (let neuron = 0; neuron < outputs; neuron++) {
    let most = 0;
    for (let label = 0; label < classes; label++) {
      const mean = responses[label * outputs + neuron]!;
      if (mean <= most) continue;
      most = mean;
      assigned[neuron] = label;
    }
  }
  return assigned;
}

/**
 * The scores [images][classes] of images from their spikes [images][outputs]: for each class the mean over the
 * neurons assigned to it, with `proportional` of spikes times the share that the class has of the neuron's
 * responses. A class without neurons scores 0.
 */
export function classScores(
  counts: Uint16Array,
  responses: Float64Array,
  { classes, vote }: { classes: number; vote: Vote },
): Float64Array {
  const outputs = responses.length / classes;
  const assigned = assignClasses(responses, classes);
  const weights = voteWeights(responses, assigned, vote);
  const scores = new Float64Array((counts.length / outputs) * classes);
  for (let at = 0; at < counts.length; at++) {
    const neuron = at % outputs;
    const label = assigned[neuron]!;
    if (label >= 0) scores[Math.floor(at / outputs) * classes + label]! += counts[at]! * weights[neuron]!;
  }
  return scores;
}

/** What a spike of each neuron adds to the score of its class. */
function voteWeights(responses: Float64Array, assigned: Int32Array, vote: Vote): Float64Array {
  const outputs = assigned.length;
  const members = new Map<number, number>();
  for (const label of assigned) members.set(label, (members.get(label) ?? 0) + 1);
  return Float64Array.from(assigned, (label, neuron) => {
    if (label < 0) return 0;
    const share = vote === 'all' ? 1 : shareOf(responses, neuron, outputs, label);
    return share / members.get(label)!;
  });
}

function shareOf(responses: Float64Array, neuron: number, outputs: number, label: number): number {
  let sum = 0;
  for (let at = neuron; at < responses.length; at += outputs) sum += responses[at]!;
  return responses[label * outputs + neuron]! / sum;
}
