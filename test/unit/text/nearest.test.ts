import { expect, test } from 'vitest';
import { nearest } from '../../../src/text/nearest.js';

const types = ['scaleOut', 'rebalance', 'drainWorker', 'removeWorker', 'cleanUp', 'inspect'];

test.each([
  ['scaleout', 'scaleOut'],
  ['scale-out', 'scaleOut'],
  ['ScaleOutt', 'scaleOut'],
  ['rebalence', 'rebalance'],
  ['removeWorkers', 'removeWorker'],
  ['dance', undefined],
  ['', undefined],
])('%s was probably meant as %s', (word, meant) => {
  expect(nearest(word, types)).toBe(meant);
});
