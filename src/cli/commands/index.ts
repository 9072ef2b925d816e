import {
  operations,
  operationTypes,
  updateNames,
  updates,
  type OperationType,
} from '../../contract/index.js';
import type { CommandModule } from '../command-module.js';

/** A command in the list, loaded when it is asked for. */
export interface CommandEntry {
  name: string;
  summary: string;
  load: () => Promise<CommandModule>;
}

/** Commands under one heading of the help. */
export interface CommandGroup {
  heading: string;
  commands: CommandEntry[];
}

function entry(name: string, summary: string, load: () => Promise<CommandModule>): CommandEntry {
  return { name, summary, load };
}

const operationModules: Record<OperationType, () => Promise<CommandModule>> = {
  scaleOut: () => import('./scale-out.js'),
  rebalance: () => import('./rebalance.js'),
  drainWorker: () => import('./drain.js'),
  removeWorker: () => import('./remove.js'),
  emergencyRemoveWorker: () => import('./emergency-remove.js'),
  isolateWorker: () => import('./isolate.js'),
  replaceWorker: () => import('./replace.js'),
  salvageWorker: () => import('./salvage.js'),
  cleanUp: () => import('./clean.js'),
};

/** All commands. */
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
    commands: operationTypes.map((type) =>
      entry(operations[type].command, operations[type].summary, operationModules[type]),
    ),
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
      ...updateNames.map((name) =>
        entry(updates[name].command, updates[name].summary, async () =>
          (await import('./update.js')).updateCommand(name),
        ),
      ),
      entry('cancel', 'stop safely and undo what can be undone', () => import('./cancel.js')),
    ],
  },
];
