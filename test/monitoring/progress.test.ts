// The display of progress: a live line on terminals, lasting lines elsewhere, nothing when quiet.
import test from 'ava';
import { epochLine, ProgressDisplay } from '../../lib/monitoring/progress.ts';
import type { EpochReport, FitProgress } from '../../lib/training/reports.ts';

const progress: FitProgress = {
  ...{
    part: 'train',
    epoch: 3,
    epochs: 10,
    samples: 27_000,
    totalSamples: 54_000,
    loss: 0.1234,
    accuracy: 0.9712,
  },
  ...{ samplesPerSecond: 12_345.6, remainingSeconds: 3725.2 },
};

const report: EpochReport = {
  ...{
    epoch: 3,
    trainLoss: 0.5,
    trainAccuracy: 0.75,
    validationLoss: 0.25,
    validationAccuracy: 0.875,
    learningRate: 0.1,
  },
  ...{ seconds: 2.04, validationSeconds: 0.1, samplesPerSecond: 20_000, best: true },
};

test('a terminal gets a live line that is redrawn and taken away', (t) => {
  const { display, written } = terminal({});
  display.update(progress);
  const text = '  50%  epoch  3/10  loss 0.1234  accuracy 97.12 %  12,346 samples/s  ETA 1:02:06';
  t.is(written(), `\r\u001b[K\u001b[32m${'█'.repeat(10)}${'░'.repeat(10)}\u001b[39m${text}`);
  display.message('note');
  t.true(written().endsWith('\r\u001b[Knote\n'));
  display.clear();
  t.true(written().endsWith('note\n'));
});

test('the live line is cut to the width of the terminal', (t) => {
  const { display, written } = terminal({ NO_COLOR: '1' }, 40);
  display.update(progress);
  t.is(written().replace('\r\u001b[K', '').length, 39);
});

test('NO_COLOR switches colours off, TERM=dumb the live line', (t) => {
  const plain = terminal({ NO_COLOR: '1' });
  plain.display.update(progress);
  t.false(plain.written().includes('\u001b[32m'));
  t.true(plain.written().includes('█'));
  const dumb = terminal({ TERM: 'dumb' });
  dumb.display.update(progress);
  t.is(dumb.written(), '');
});

test('a stream that is no terminal gets only the lasting lines, without control codes', (t) => {
  const { display, written } = terminal({}, undefined, false);
  display.update(progress);
  display.epoch(report, 10);
  display.clear();
  t.is(written(), `${epochLine(report, 10)}\n`);
});

test('a quiet display writes nothing', (t) => {
  let text = '';
  const display = new ProgressDisplay({
    quiet: true,
    stream: { isTTY: true, write: (part) => (text += part) },
  });
  display.update(progress);
  display.epoch(report, 10);
  display.message('note');
  display.clear();
  t.is(text, '');
});

test('the line of an epoch holds its figures and leaves out what was not measured', (t) => {
  t.is(
    epochLine(report, 10),
    'epoch  3/10  loss 0.5000  accuracy 75.00 %  validation loss 0.2500  accuracy 87.50 %  20,000 samples/s  2.0 s  best',
  );
  const bare = { ...report, validationLoss: null, validationAccuracy: null, best: false };
  t.is(epochLine(bare, 10), 'epoch  3/10  loss 0.5000  accuracy 75.00 %  20,000 samples/s  2.0 s');
  t.is(
    epochLine({ ...bare, trainAccuracy: null }, 10, ['80 neurons', '+5 grown']),
    'epoch  3/10  loss 0.5000  80 neurons  +5 grown  20,000 samples/s  2.0 s',
  );
});

test('without classes the live line has no accuracy', (t) => {
  const { display, written } = terminal({});
  display.update({ ...progress, accuracy: null });
  t.true(written().includes('loss'));
  t.false(written().includes('accuracy'));
});

function terminal(environment: Record<string, string>, columns?: number, isTTY = true) {
  let text = '';
  const stream = { isTTY, write: (part: string) => (text += part), columns: columns ?? 200 };
  return { display: new ProgressDisplay({ stream, environment }), written: () => text };
}
