import type { Waiting } from '../../client/index.js';
import type { OperationStatus } from '../../contract/index.js';
import type { Io } from '../io.js';
import { changes } from '../render/changes.js';
import { fit } from '../render/text/room.js';
import { renderStatus } from '../render/status.js';
import { wrap } from '../render/text/text.js';
import { createCanvas } from './canvas.js';
import { sayOnce, waitingLine } from './waiting.js';

/** How an operation is shown while it is followed. */
export interface View {
  show: (status: OperationStatus) => void;
  /** Says that nobody answers just now, until the next status. */
  away: (waiting: Waiting) => void;
  /** Leaves what is drawn and makes room for a question. */
  pause: () => void;
  /** Ends, with what is drawn left standing or taken away. */
  end: (how: 'keep' | 'clear') => void;
}

/** The view that fits the output: live, by lines, or none. */
export function createView(io: Io): View {
  const nothing = (): void => undefined;
  if (io.quiet) return { show: nothing, away: nothing, pause: nothing, end: nothing };
  return io.live ? liveView(io) : lineView(io);
}

/** Draws over itself; the seconds go on between two looks. */
function liveView(io: Io): View {
  const canvas = createCanvas(process.stderr);
  let latest: OperationStatus | undefined;
  let silence: string | undefined;
  let hasPage = false;
  const redraw = (): void => {
    // Inside the frame: a line written beside it would be counted with what is drawn over.
    const note =
      silence === undefined ? '' : `\n${wrap(`${io.paintError.yellow('!')} ${silence}`, io.columns, 2)}\n`;
    if (!latest) {
      if (note !== '') canvas.draw(note);
      return;
    }
    const { url: _, ...status } = latest;
    const frame = fit((room) => renderStatus(status, io.paintError, io.columns, Date.now(), room), {
      columns: io.columns,
      rows: io.rows() - 1 - note.split('\n').length,
    });
    canvas.draw(`${frame}\n${note}`);
  };
  const timer = setInterval(redraw, 500);
  timer.unref();
  return {
    show: (status) => {
      if (status.url !== undefined && !hasPage) {
        // Above the frame, which may be broken anywhere: an address that is longer than a line stays one word.
        canvas.clear();
        io.tell(io.paintError.dim(status.url));
        hasPage = true;
      }
      latest = status;
      silence = undefined;
      redraw();
    },
    away: (waiting) => {
      silence = waitingLine(waiting);
      redraw();
    },
    pause: () => {
      latest = undefined;
      silence = undefined;
      canvas.clear();
      canvas.done();
    },
    end: (how) => {
      clearInterval(timer);
      if (how === 'clear') canvas.clear();
      canvas.done();
    },
  };
}

/** A line a change, with the time, for logs. */
function lineView(io: Io): View {
  let before: OperationStatus | undefined;
  const say = (line: string): void => io.tell(`${new Date().toISOString().slice(11, 19)} ${line}`);
  const saySilence = sayOnce(say);
  return {
    show: (status) => {
      saySilence(undefined);
      for (const line of changes(before, status)) say(line);
      before = status;
    },
    away: saySilence,
    pause: () => undefined,
    end: () => undefined,
  };
}
