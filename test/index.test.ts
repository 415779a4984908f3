import test from 'ava';
import * as synfire from '../lib/index.ts';

test('the public surface is this and nothing else', (t) => {
  t.deepEqual(Object.keys(synfire).sort(), [
    'Dataset',
    'LayerNetwork',
    'SynfireError',
    'avgPool2d',
    'configureRun',
    'conv2d',
    'datasets',
    'dense',
    'dropout',
    'findCheckpoint',
    'fit',
    'flatten',
    'generateDigits',
    'integrateAndFire',
    'leaky',
    'lif',
    'loadCheckpoint',
    'loadRun',
    'maxPool2d',
    'parseJson',
    'parseToml',
    'presetNames',
    'presets',
    'readCheckpointMetadata',
    'readDataset',
    'readIdx',
    'readNpy',
    'saveCheckpoint',
    'splitDataset',
    'sumPool2d',
    'writeNpy',
  ]);
});
