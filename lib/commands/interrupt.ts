// Ctrl-C and requests to terminate: the first one asks for a clean stop, the second one ends the process at
// once.

/** Exit code of a program that was interrupted. */
export const interruptedCode = 130;

/** The reason with which work stops after a signal of the system. */
export class Interruption extends Error {
  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
  }
}

/**
 * A signal that aborts with an `Interruption`. Dispose of it so that signals of the system end the process
 * again.
 */
export interface InterruptSignal {
  signal: AbortSignal;
  dispose(): void;
}

/** Starts to listen; `onInterrupt` is called at the first signal of the system. */
export function catchInterrupts(onInterrupt: () => void = () => {}): InterruptSignal {
  const controller = new AbortController();
  const handle = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(interruptedCode);
    controller.abort(new Interruption(signal));
    onInterrupt();
  };
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];
  for (const signal of signals) process.on(signal, handle);
  const dispose = () => {
    for (const signal of signals) process.off(signal, handle);
  };
  return { signal: controller.signal, dispose };
}
