import { expect, test } from 'vitest';
import { operationPage, operationsPage } from '../../../../src/activities/operation/temporal-pages.js';
import { operationTypes, type SearchAttributeName } from '../../../../src/contract/index.js';

const where = (searchAttributes: SearchAttributeName[], temporalUi?: string) => ({
  config: { file: '', clusters: [], ...(temporalUi !== undefined && { temporalUi }) },
  namespace: 'ops',
  searchAttributes,
});
const queryOf = (url = ''): string | null => new URL(url).searchParams.get('query');

test('the list of operations leaves out looks, locks and samples, also where the namespace has no search attribute of ours', () => {
  expect(operationsPage(where(['CitusOperation'], 'http://ui'))).toBe(
    'http://ui/namespaces/ops/workflows?query=CitusOperation%20IS%20NOT%20NULL',
  );
  const query = queryOf(operationsPage(where([], 'http://ui')));
  expect(query).toContain(`"${operationTypes[0] ?? ''}"`);
  expect(query).not.toMatch(/inspect|lockCluster|sampleCluster/);
});

test('without the address of the UI there is no page to name', () => {
  expect(operationsPage(where(['CitusOperation']))).toBeUndefined();
  expect(operationPage(where([]), 'shop/scaleOut/1')).toBeUndefined();
  expect(operationPage(where([], 'http://ui'), 'shop/scaleOut/1')).toBe(
    'http://ui/namespaces/ops/workflows/shop%2FscaleOut%2F1',
  );
});
