// The public data sets that are known by name, and where they can be had.

import type { RemoteFile } from './download.ts';

export interface PublicSet {
  name: string;
  classes: number;
  /** Folders to download from, in the order in which they are tried. */
  mirrors: readonly string[];
  /** Training samples and labels, test samples and labels. */
  files: readonly [RemoteFile, RemoteFile, RemoteFile, RemoteFile];
  /** SHA-256 of the test labels, packed as published or unpacked: tells one set's folder from another's. */
  testLabels: readonly string[];
}

const names = [
  'train-images-idx3-ubyte.gz',
  'train-labels-idx1-ubyte.gz',
  't10k-images-idx3-ubyte.gz',
  't10k-labels-idx1-ubyte.gz',
] as const;

/**
 * Sizes and SHA-256 of the packed files as their authors publish them; every mirror serves these very bytes.
 */
function publicSet(
  set: { name: string; mirrors: readonly string[]; unpackedTestLabels?: string },
  sums: readonly [[number, string], [number, string], [number, string], [number, string]],
): PublicSet {
  const file = (i: 0 | 1 | 2 | 3): RemoteFile => ({ name: names[i], bytes: sums[i][0], sha256: sums[i][1] });
  const { name, mirrors, unpackedTestLabels } = set;
  const testLabels = unpackedTestLabels ? [sums[3][1], unpackedTestLabels] : [sums[3][1]];
  return { name, classes: 10, mirrors, files: [file(0), file(1), file(2), file(3)], testLabels };
}

export const publicSets: readonly PublicSet[] = [
  publicSet(
    {
      name: 'mnist',
      mirrors: [
        'https://ossci-datasets.s3.amazonaws.com/mnist/',
        'https://storage.googleapis.com/cvdf-datasets/mnist/',
        'https://raw.githubusercontent.com/fgnt/mnist/master/',
      ],
      unpackedTestLabels: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
    },
    [
      [9912422, '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609'],
      [28881, '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c'],
      [1648877, '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6'],
      [4542, 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6'],
    ],
  ),
  publicSet(
    {
      name: 'fashion-mnist',
      mirrors: [
        'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
        'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
      ],
      unpackedTestLabels: '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
    },
    [
      [26421880, '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84'],
      [29515, 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845'],
      [4422102, '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073'],
      [5148, '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5'],
    ],
  ),
  publicSet(
    {
      name: 'kmnist',
      // One host only, by two protocols: its authors name no other.
      mirrors: [
        'https://codh.rois.ac.jp/kmnist/dataset/kmnist/',
        'http://codh.rois.ac.jp/kmnist/dataset/kmnist/',
      ],
    },
    [
      [18165135, '51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4'],
      [29497, 'e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17'],
      [3041136, 'edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5'],
      [5120, '20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c'],
    ],
  ),
];
