import { calendarOf } from '../../config/index.js';
import type { WindowCalendar } from '../../contract/index.js';
import { clusterIn, type ActivityContext } from '../runtime/context.js';

/** The activities of {@link windowActivities}, as workflows call them. */
export type WindowActivities = ReturnType<typeof windowActivities>;

/** The config lies with the worker: the workflow asks for the next windows, and anew when one opens. */
export function windowActivities(context: ActivityContext) {
  return {
    /** When movements may run from `at` on, by the present config; null: at any time. Contacts nothing. */
    readWindows: ({ cluster, at }: { cluster: string; at: string }): Promise<WindowCalendar | null> => {
      const { windows } = clusterIn(context, cluster);
      return Promise.resolve(windows ? calendarOf(windows, Date.parse(at)) : null);
    },
  };
}
