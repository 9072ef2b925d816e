import { describe, expect, test } from 'vitest';
import { shortNames } from '../../../../src/cli/render/text/node-names.js';

describe('names that stand close together', () => {
  test.each([
    [
      ['a.shop.internal:5432', 'b.shop.internal:5432'],
      ['a', 'b'],
    ],
    [
      ['a.shop.internal:5432', 'a.shop.internal:5433'],
      ['a.shop.internal:5432', 'a.shop.internal:5433'],
    ],
    [
      ['10.1.0.1:5432', '10.2.0.1:5432'],
      ['10.1.0.1', '10.2.0.1'],
    ],
    [
      ['127.0.0.1:5432', '127.0.0.1:5433'],
      ['127.0.0.1:5432', '127.0.0.1:5433'],
    ],
    [
      ['[fd00::1]:5432', '[fd00::2]:5432'],
      ['[fd00::1]', '[fd00::2]'],
    ],
    [['a:1'], ['a:1']],
  ])('%j', (nodes, short) => expect(nodes.map(shortNames(nodes))).toEqual(short));
});
