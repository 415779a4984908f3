// What the layers of a spatial network hold, as a table.
import { percent } from '../monitoring/progress.ts';
import type { SpatialFigures, SpatialStatistics } from '../networks/spatial-network.ts';
import { bytes, figure, table } from './text.ts';

export function spatialTable(statistics: SpatialStatistics): string {
  const rows = statistics.layers.map(({ grid, window, ...figures }, layer) => [
    String(layer),
    grid.join(' x '),
    window.join(' x '),
    ...cells(figures),
  ]);
  return table(
    ['layer', 'grid', 'sees', 'neurons', 'active', 'saturation', 'sparsity', 'to split', 'empty', 'memory'],
    [...rows, ['all', '', '', ...cells(statistics)]],
  );
}

function cells(figures: SpatialFigures): string[] {
  return [
    figure(figures.neurons),
    figure(figures.active),
    percent(figures.meanSaturation),
    percent(figures.sparsity),
    figure(figures.growthCandidates),
    figure(figures.pruneCandidates),
    bytes(figures.memoryBytes),
  ];
}
