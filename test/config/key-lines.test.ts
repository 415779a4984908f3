import test from 'ava';
import fc from 'fast-check';
import { stringify } from 'smol-toml';
import { jsonKeyLines, lineOf, tomlKeyLines } from '../../lib/config/key-lines.ts';

const document = `# a comment with [brackets] = and "quotes"
title = "a # in a string"   # [not.a.section]

[training]
batch_size = 64
"learning rate" = 'a \\ in a literal string'
text = """
[training]
batch_size = 1
"""
raw = '''
x = "
'''
optimizer.learning_rate = 0.1

[[network.layers]]
kind = "conv2d"
kernel = [
  5,  # height
  5,
]
[network.layers.neuron]
decay = 0.9

[[network.layers]]
neuron = { kind = "lif", reset = { kind = "scale", factor = 0.5 } }
[ network . "encoder" ]
gain = 1
`;

test('every key of a TOML document is found on its line', (t) => {
  const lines = Object.fromEntries(tomlKeyLines(document));
  t.deepEqual(lines, {
    title: 2,
    training: 4,
    'training.batchSize': 5,
    'training.learning rate': 6,
    'training.text': 7,
    'training.raw': 11,
    'training.optimizer.learningRate': 14,
    'network.layers.0': 16,
    'network.layers.0.kind': 17,
    'network.layers.0.kernel': 18,
    'network.layers.0.kernel.0': 19,
    'network.layers.0.kernel.1': 20,
    'network.layers.0.neuron': 22,
    'network.layers.0.neuron.decay': 23,
    'network.layers.1': 25,
    'network.layers.1.neuron': 26,
    'network.layers.1.neuron.kind': 26,
    'network.layers.1.neuron.reset': 26,
    'network.layers.1.neuron.reset.kind': 26,
    'network.layers.1.neuron.reset.factor': 26,
    'network.encoder': 27,
    'network.encoder.gain': 28,
  });
});

test('Windows line ends and a byte order mark do not move lines', (t) => {
  const lines = tomlKeyLines(`\uFEFF${document.replaceAll('\n', '\r\n')}`);
  t.is(lines.get('title'), 2);
  t.is(lines.get('network.encoder.gain'), 28);
});

test('a key that is not written down has the line of the section around it', (t) => {
  const lines = tomlKeyLines(document);
  t.is(lineOf(lines, 'training.batchSize'), 5);
  t.is(lineOf(lines, 'training.epochs'), 4);
  t.is(lineOf(lines, 'network.layers.1.neuron.decay'), 26);
  t.is(lineOf(lines, 'checkpoint.keep'), undefined);
});

test('every key of a JSON document is found on its line', (t) => {
  const lines = jsonKeyLines(
    '{\n "a": {\n  "b_c": [1, {"d": "x\\"}"}],\n  "e": -1.5e3\n },\n "f": null\n}\n',
  );
  t.deepEqual(Object.fromEntries(lines), {
    a: 2,
    'a.bC': 3,
    'a.bC.0': 3,
    'a.bC.1': 3,
    'a.bC.1.d': 3,
    'a.e': 4,
    f: 6,
  });
});

type Tree = { [key: string]: Tree | number | string };

const tree = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.dictionary(
    fc.stringMatching(/^[a-z]{1,8}$/),
    fc.oneof({ depthSize: 'small' }, fc.integer(), fc.string(), tie('tree')),
    { minKeys: 1, maxKeys: 5 },
  ),
})).tree;

test('whatever a writer makes of a document, a key is on the line that is found for it', (t) => {
  fc.assert(
    fc.property(tree, (values) => {
      const text = stringify(values);
      const rows = text.split('\n');
      const lines = tomlKeyLines(text);
      for (const path of leaves(values)) {
        const row = rows[lines.get(path.join('.'))! - 1];
        t.true(row?.trimStart().startsWith(`${path.at(-1)} =`), `${path.join('.')} in\n${text}`);
      }
    }),
  );
});

function leaves(values: Tree, path: string[] = []): string[][] {
  return Object.entries(values).flatMap(([key, value]) =>
    typeof value === 'object' ? leaves(value, [...path, key]) : [[...path, key]],
  );
}

test('text that is no document ends the search all the same', (t) => {
  for (const text of [
    '[',
    '[[',
    'a',
    'a=',
    'a=[',
    'a=[}',
    'a={',
    'a={]',
    'a="',
    "a='''",
    '= = =',
    ']]]',
    '"',
    '{',
    ',',
  ]) {
    t.notThrows(() => tomlKeyLines(text));
    t.notThrows(() => jsonKeyLines(text));
  }
  t.notThrows(() => tomlKeyLines('a = '.concat('['.repeat(100_000))));
  t.notThrows(() => jsonKeyLines('{"a":'.repeat(100_000)));
  t.notThrows(() => tomlKeyLines(`[${'a.'.repeat(100_000)}a]\nb = 1`));
});
