// Follows a training from its start to its end: its configuration and metrics go to files, its reports to the output.
import { writeFileAtomic } from '../checkpoints/atomic.ts';
import { MetricsFile } from '../monitoring/metrics.ts';
import type { Training } from '../training/training.ts';
import { Interruption } from './interrupt.ts';
import type { RunFiles } from './run-folder.ts';

/** What is printed in the course of a training. */
export interface TrainOutput<Start, Report, Result> {
  start(start: Start): void;
  report(report: Report): void;
  /** After the best model was put back and measured. */
  done(result: Result): void | Promise<void>;
  /** After a training was interrupted and has saved where it stands. */
  interrupted(): void;
}

export interface FollowOptions<Start, Report, Result> {
  /** Written before the first step. */
  config: object;
  files: RunFiles;
  output: TrainOutput<Start, Report, Result>;
  /** A report as an object of the metrics file. */
  line(report: Report): object;
  begin(onStart: (start: Start) => Promise<void>): Training<Report, Result>;
}

export async function follow<Start extends { history: readonly Report[] }, Report, Result>({
  config,
  files,
  output,
  line,
  begin,
}: FollowOptions<Start, Report, Result>): Promise<void> {
  let metrics: MetricsFile | undefined;
  const training = begin(async (start) => {
    await writeFileAtomic(files.config, [Buffer.from(`${JSON.stringify(config, null, 2)}\n`)]);
    metrics = await MetricsFile.open(files.metrics, start.history.map(line));
    output.start(start);
  });
  try {
    for await (const report of training) {
      await metrics?.append(line(report));
      output.report(report);
    }
    await output.done(await training);
  } catch (error) {
    if (error instanceof Interruption && metrics !== undefined) output.interrupted();
    throw error;
  } finally {
    await metrics?.close();
  }
}
