// Completes the configuration of an event network's training: the preset that it names, with defaults filled in.
import { check, type Locate } from './check.ts';
import {
  type EventPresetName,
  type EventRunConfig,
  eventPresetNames,
  eventRunSchemas,
} from './event-training.ts';
import { isRecord } from './fields.ts';

/** The complete configuration of a training from what was written; `locate` tells errors where. */
export function completeEventRun(written: unknown, preset: EventPresetName, locate?: Locate): EventRunConfig {
  return check(eventRunSchemas[preset], written, { root: '', ...(locate && { locate }) });
}

/** The preset of an event network that a document names, if it names one. */
export function eventPresetOf(written: Record<string, unknown>): EventPresetName | undefined {
  const { network } = written;
  return isRecord(network) ? eventPresetNames.find((name) => name === network.preset) : undefined;
}
