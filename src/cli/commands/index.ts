import type { Command } from 'commander';
import type { Session } from '../app.js';

/** A command's file: its options, arguments, example and action. Loaded only when the command is asked for. */
export interface CommandModule {
  define: (command: Command, session: Session) => void;
}

export interface CommandEntry {
  name: string;
  summary: string;
  load: () => Promise<CommandModule>;
}

export interface CommandGroup {
  heading: string;
  commands: CommandEntry[];
}

function entry(name: string, summary: string, load: () => Promise<CommandModule>): CommandEntry {
  return { name, summary, load };
}

export const commandGroups: CommandGroup[] = [
  {
    heading: 'Set up:',
    commands: [
      entry('init', 'write a config for a cluster and test the connection', () => import('./init.js')),
      entry('worker', 'run the worker', () => import('./worker.js')),
      entry('completion', 'completion for your shell', () => import('./completion.js')),
    ],
  },
  {
    heading: 'Look:',
    commands: [
      entry('clusters', 'the registered clusters', () => import('./clusters.js')),
      entry('health', 'nodes, versions, balance, jobs, leftovers', () => import('./health.js')),
      entry('preflight', 'what would stand in the way of an operation', () => import('./preflight.js')),
    ],
  },
  {
    heading: 'Operate:',
    commands: [
      entry('scale-out', 'add workers and spread the data over them', () => import('./scale-out.js')),
      entry('rebalance', 'even out the data', () => import('./rebalance.js')),
      entry('drain', 'empty workers, or put them back in service', () => import('./drain.js')),
      entry('remove', 'empty workers and take them out of the cluster', () => import('./remove.js')),
      entry('clean', 'remove what earlier moves left behind', () => import('./clean.js')),
    ],
  },
  {
    heading: 'Follow:',
    commands: [
      entry('list', 'open operations', () => import('./list.js')),
      entry('status', 'how far an operation is', () => import('./status.js')),
      entry('watch', 'follow an operation to its end', () => import('./watch.js')),
      entry('report', 'what came of an operation', () => import('./report.js')),
    ],
  },
  {
    heading: 'Steer:',
    commands: [
      entry('approve', 'approve the plan shown', () => import('./approve.js')),
      entry('reject', 'reject the plan shown, which ends the operation', () => import('./reject.js')),
      entry('pause', 'begin nothing new until resume', () => import('./pause.js')),
      entry('resume', 'go on after a pause', () => import('./resume.js')),
      entry('cancel', 'stop safely and undo what can be undone', () => import('./cancel.js')),
      entry('retry', 'try again what needs attention', () => import('./retry.js')),
      entry('give-up', 'stop trying what needs attention', () => import('./give-up.js')),
      entry('ignore-window', 'move outside the maintenance windows too', () => import('./ignore-window.js')),
      entry('parallel-moves', 'change how many moves run at once', () => import('./parallel-moves.js')),
    ],
  },
];
