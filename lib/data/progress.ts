// How loading data reports where it stands.

export interface DataProgress {
  phase: 'download' | 'read' | 'generate';
  /** The file at work; for generated data, the part of the set. */
  file: string;
  /** Bytes of a download, else samples. */
  done: number;
  total: number;
}

export type ReportProgress = (progress: DataProgress) => void;

const intervalMs = 50;

/** Passes on at most 20 reports a second, and always the last one of a file. */
export function limited(onProgress: ReportProgress | undefined): ReportProgress {
  let next = 0;
  return (progress) => {
    const now = performance.now();
    if (onProgress === undefined || (now < next && progress.done < progress.total)) return;
    next = now + intervalMs;
    onProgress(progress);
  };
}
