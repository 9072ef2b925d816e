import type { LoadFigure, OperationStatus } from '../../contract/index.js';
import { bytes } from './text/figures.js';
import { wrap } from './text/text.js';

/** How many moves at once the load allows, why, and the load itself. Nothing where it isn't watched. */
export function governorLines({ governor }: OperationStatus, columns: number): string[] {
  if (!governor) return [];
  const { parallelMoves, ceiling, reason, figures } = governor;
  const load = figures.length === 0 ? '' : `. Load: ${figures.map(renderFigure).join(', ')}`;
  return [wrap(`  Up to ${parallelMoves} of ${ceiling} moves at once: ${reason}${load}`, columns, 4)];
}

/** `CPU pressure 42 of 60 %` */
function renderFigure({ limitedBy, value, limit }: LoadFigure): string {
  const of = (unit: string): string => `${round(value)} of ${round(limit)} ${unit}`;
  switch (limitedBy) {
    case 'maxStatementSeconds':
      return `longest statement ${of('s')}`;
    case 'maxCpuPressure':
      return `CPU pressure ${of('%')}`;
    case 'maxMeanStatementMs':
      return `mean statement ${of('ms')}`;
    case 'maxLag':
      return `lag ${bytes(value)} of ${bytes(limit)}`;
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
