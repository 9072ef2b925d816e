import { operationTypes } from '../../contract/index.js';
import type { ActivityContext } from '../runtime/context.js';

/** Where pages of the Temporal UI are, as far as the worker knows. */
export type Pages = Pick<ActivityContext, 'config' | 'namespace' | 'searchAttributes'>;

/** The page of an operation; undefined where the config doesn't name the UI. */
export function operationPage(where: Pages, workflowId: string): string | undefined {
  const workflows = workflowsPage(where);
  return workflows === undefined ? undefined : `${workflows}/${encodeURIComponent(workflowId)}`;
}

/** The list of operations alone, without the looks, locks and samples that come with them. */
export function operationsPage(where: Pages): string | undefined {
  const workflows = workflowsPage(where);
  const query = where.searchAttributes.includes('CitusOperation')
    ? 'CitusOperation IS NOT NULL'
    : `WorkflowType IN (${operationTypes.map((type) => `"${type}"`).join(', ')})`;
  return workflows === undefined ? undefined : `${workflows}?query=${encodeURIComponent(query)}`;
}

function workflowsPage({ config, namespace }: Pages): string | undefined {
  const { temporalUi } = config;
  return temporalUi === undefined ? undefined : `${temporalUi}/namespaces/${namespace}/workflows`;
}
