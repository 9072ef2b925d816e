import { rowsOf } from './text.js';

/** How much of an operation is shown, where not all of it fits. */
export interface Room {
  /** `brief`: those that are done in one line, those ahead in another. */
  steps: 'all' | 'brief';
  nodes: number;
  moves: number;
  /** Evidence of what needs attention. */
  extras: boolean;
}

interface Size {
  columns: number;
  rows: number;
}

/** Room for as much as one can take in. */
export const roomy: Room = { steps: 'all', nodes: 16, moves: 8, extras: true };

/** From all of it to what tells at least how far it is and what is wrong. */
const rooms: Room[] = [
  roomy,
  { ...roomy, steps: 'brief' },
  { steps: 'brief', nodes: 8, moves: 6, extras: true },
  { steps: 'brief', nodes: 6, moves: 4, extras: true },
  { steps: 'brief', nodes: 6, moves: 4, extras: false },
  { steps: 'brief', nodes: 4, moves: 3, extras: false },
  { steps: 'brief', nodes: 2, moves: 2, extras: false },
  { steps: 'brief', nodes: 0, moves: 1, extras: false },
];

/** The fullest text of so many lines at most. What is too long even at its shortest loses its end. */
export function fit(render: (room: Room) => string, { columns, rows }: Size): string {
  let shortest = '';
  for (const room of rooms) {
    shortest = render(room);
    if (rowsOf(shortest, columns) <= rows) return shortest;
  }
  return shortest.split('\n').slice(0, Math.max(1, rows)).join('\n');
}
