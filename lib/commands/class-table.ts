// How well each class was found.
import { percent } from '../monitoring/progress.ts';
import { figure, table } from './text.ts';

/** For each class the share that was found and what it was most often taken for. */
export function classTable(confusion: number[][]): string {
  const rows = confusion.map((row, label) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const wrong = row.map((count, chosen) => (chosen === label ? 0 : count));
    const most = Math.max(...wrong);
    const mistaken = most > 0 ? `${wrong.indexOf(most)} (${figure(most)})` : '';
    return [String(label), figure(total), total > 0 ? percent((row[label] ?? 0) / total) : '', mistaken];
  });
  return table(['class', 'samples', 'found', 'most often taken for'], rows);
}
