import type { WriteStream } from 'node:tty';
import { rowsOf } from '../render/text.js';

/** Text that is drawn over itself. */
export interface Canvas {
  draw: (text: string) => void;
  clear: () => void;
  /** Leaves what is drawn. */
  done: () => void;
}

export async function createCanvas(stream: WriteStream): Promise<Canvas> {
  const { createLogUpdate } = await import('log-update');
  const log = createLogUpdate(stream);
  let frame = { text: '', columns: stream.columns };
  const remember = (text: string): void => {
    frame = { text, columns: stream.columns };
  };
  /** A terminal that was made narrower has broken what was drawn into more lines than log-update knows of. */
  const wipe = (): void => {
    const more = rowsOf(frame.text, stream.columns) - rowsOf(frame.text, frame.columns);
    log.clear();
    if (more > 0) stream.write(`\u001b[${more}A\u001b[J`);
  };
  return {
    draw: (text) => {
      if (frame.columns > stream.columns) wipe();
      log(text);
      remember(text);
    },
    clear: () => {
      wipe();
      remember('');
    },
    done: () => {
      log.done();
      remember('');
    },
  };
}
