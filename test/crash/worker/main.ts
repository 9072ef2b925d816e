// A worker as users run it, that can be told to die at a point. Started by ../processes.ts, spoken to over IPC.
import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import { runWorker } from '../../../src/worker.js';
import type { ToWorker } from '../point.js';
import { watchPrograms, watchStatements } from './calls.js';
import { arm, current, goOn, nthOf, pass, passMissed, record, tell, type Execution } from './passage.js';

watchStatements();
watchPrograms();
process.on('message', (message: ToWorker) => {
  switch (message.type) {
    case 'begin':
      begin(message);
      return;
    case 'arm':
      arm(message.points, message.eventsFile);
      tell({ type: 'armed' });
      return;
    case 'go':
      goOn(message.point);
  }
});
process.on('disconnect', () => process.exit(0));
tell({ type: 'loaded' });

function begin({ configFile, address }: Extract<ToWorker, { type: 'begin' }>): void {
  const options = { configFile, address };
  runWorker({ ...options, activityInterceptors: [watchActivity] }).then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
}

function watchActivity({ info }: Context): ActivityInterceptors {
  return {
    inbound: {
      execute: (input, next) => {
        const execution: Execution = {
          workflowType: info.workflowType ?? '',
          activity: info.activityType,
          nth: nthOf(info.activityType, `${info.workflowExecution?.workflowId ?? ''} ${info.activityId}`),
          attempt: info.attempt,
          calls: new Map(),
        };
        return current.run(execution, async () => {
          record(execution, 'begin');
          await pass(execution, 'before');
          try {
            return await next(input);
          } finally {
            record(execution, 'end');
            await pass(execution, 'after');
            await passMissed(execution);
          }
        });
      },
    },
  };
}
