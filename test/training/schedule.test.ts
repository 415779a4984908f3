// Learning-rate schedules: the rate of each step follows from its position.
import test from 'ava';
import type { ScheduleConfig } from '../../lib/config/schema.ts';
import { learningRates } from '../../lib/training/schedule.ts';

test('a constant schedule gives the learning rate at every step', (t) => {
  t.deepEqual(whole({ kind: 'constant', warmupEpochs: 0 }, 2, 3), [0.1, 0.1, 0.1, 0.1, 0.1, 0.1]);
});

test('a step schedule multiplies by its factor every few epochs', (t) => {
  const rates = whole({ kind: 'step', warmupEpochs: 0, everyEpochs: 2, factor: 0.5 }, 5, 1);
  t.deepEqual(rates, [0.1, 0.1, 0.05, 0.05, 0.025]);
});

test('a cosine schedule falls smoothly from the rate to its final share', (t) => {
  const rates = whole({ kind: 'cosine', warmupEpochs: 0, finalFactor: 0.1 }, 2, 4);
  close(t, rates[0], 0.1);
  close(t, rates[4], 0.1 * (0.1 + 0.9 * 0.5));
  t.true(rates.every((rate, step) => step === 0 || rate < rates[step - 1]!));
  t.true(rates[7]! > 0.01);
});

test('a cosine schedule shorter than the training stays at its final share', (t) => {
  const rates = whole({ kind: 'cosine', warmupEpochs: 0, epochs: 1, finalFactor: 0.2 }, 2, 2);
  close(t, rates[2], 0.02);
  close(t, rates[3], 0.02);
});

test('warm-up rises linearly and ends at the full rate, also in the middle of an epoch', (t) => {
  const rates = whole({ kind: 'constant', warmupEpochs: 1.5 }, 2, 4);
  for (const [step, rate] of rates.entries()) close(t, rate, 0.1 * Math.min(1, (step + 1) / 6));
});

test('a cosine schedule begins when warm-up has ended', (t) => {
  const rates = whole({ kind: 'cosine', warmupEpochs: 1, finalFactor: 0 }, 3, 2);
  close(t, rates[0], 0.05);
  close(t, rates[1], 0.1);
  close(t, rates[2], 0.1);
  close(t, rates[4], 0.05);
});

test('the rates of an epoch do not depend on whether earlier epochs were asked for', (t) => {
  const schedule: ScheduleConfig = { kind: 'cosine', warmupEpochs: 0.5, finalFactor: 0 };
  const span = { learningRate: 0.1, epochs: 3, steps: 4 };
  t.deepEqual([...learningRates(schedule, { ...span, epoch: 2 })], whole(schedule, 3, 4).slice(8));
});

test('a warm-up longer than a cosine schedule still gives finite rates', (t) => {
  t.true(whole({ kind: 'cosine', warmupEpochs: 9, finalFactor: 0 }, 2, 3).every(Number.isFinite));
});

function whole(schedule: ScheduleConfig, epochs: number, steps: number): number[] {
  return Array.from({ length: epochs }, (_, epoch) => [
    ...learningRates(schedule, { learningRate: 0.1, epoch, epochs, steps }),
  ]).flat();
}

function close(
  t: { true(value: boolean, message?: string): void },
  actual: number | undefined,
  expected: number,
): void {
  t.true(Math.abs((actual ?? Number.NaN) - expected) < 1e-12, `${actual} instead of ${expected}`);
}
