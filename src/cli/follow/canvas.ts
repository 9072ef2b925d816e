import type { WriteStream } from 'node:tty';
import { rowsOf } from '../render/text/text.js';

/** Text that is drawn over itself. */
export interface Canvas {
  draw: (text: string) => void;
  clear: () => void;
  /** Leaves what is drawn. */
  done: () => void;
}

/** Terminals that know these show all in between at once; others ignore them. */
const [together, shown] = ['\u001b[?2026h', '\u001b[?2026l'];

/**
 * An empty canvas on a terminal. Each frame wipes the one before and is written whole. Not by log-update 7.2, which
 * writes what differs and leaves lines behind where one in the middle goes.
 */
export function createCanvas(stream: WriteStream): Canvas {
  /** Ends with a newline: the cursor is at the beginning of the line below. */
  let drawn = '';
  let columns = stream.columns;
  /** Back to where the frame begins. A terminal that was made narrower has broken it into more lines. */
  const wiped = (): string => {
    const above = rowsOf(drawn, stream.columns) - 1;
    return `\r${above > 0 ? `\u001b[${above}A` : ''}\u001b[J`;
  };
  return {
    draw: (text) => {
      const frame = text.endsWith('\n') ? text : `${text}\n`;
      if (frame === drawn && columns === stream.columns) return;
      stream.write(`${together}${wiped()}${frame}${shown}`);
      drawn = frame;
      columns = stream.columns;
    },
    clear: () => {
      if (drawn !== '') stream.write(wiped());
      drawn = '';
    },
    done: () => {
      drawn = '';
    },
  };
}
