// Turns the progress of presentations into what callers of the trainings of event networks are told.
import type { EventTrainingState } from '../checkpoints/event-metadata.ts';
import type { EventFitProgress } from './event-reports.ts';
import type { EventSetup } from './event-setup.ts';

/** Reports one part of a round, from now on; `last` is the number of images after which training ends. */
export function eventProgress(
  { onProgress }: EventSetup,
  state: () => EventTrainingState,
  part: EventFitProgress['part'],
  last?: number,
): (progress: { samples: number; total: number }) => void {
  const began = performance.now();
  const { images } = state();
  return ({ samples, total }) => {
    const imagesPerSecond = (1000 * samples) / (performance.now() - began);
    const training = last !== undefined;
    const { activity } = state();
    onProgress({
      part,
      images: training ? images + samples : samples,
      totalImages: training ? last : total,
      imagesPerSecond,
      spikesPerImage: activity.images > 0 ? activity.spikes / activity.images : null,
      remainingSeconds: training ? (last - images - samples) / imagesPerSecond : null,
    });
  };
}
