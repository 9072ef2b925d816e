import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressOf, formatAddress, parseAddress } from '../../../src/text/address.js';
import { nodeAddress } from '../../../src/contract/schema/fields.js';
import { allowedByConfig } from '../../../src/citus/session/allowed.js';
import type { ClusterConfig } from '../../../src/config/index.js';

const ports = fc.integer({ min: 1, max: 65_535 });
const hosts = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());

describe('an address', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(hosts, ports, (host, port) => {
        const text = formatAddress({ host, port });
        expect(parseAddress(text)).toEqual({ host, port });
        expect(addressOf(text)).toEqual({ host, port });
        expect(nodeAddress.parse(text)).toBe(text.toLowerCase());
      }),
    );
  });

  test.each([
    [{ host: 'db3', port: 5432 }, 'db3:5432'],
    [{ host: '10.1.0.3', port: 5432 }, '10.1.0.3:5432'],
    [{ host: '::1', port: 5432 }, '[::1]:5432'],
    [{ host: 'fd00::3', port: 5432 }, '[fd00::3]:5432'],
    [{ host: '::ffff:10.1.0.3', port: 5432 }, '[::ffff:10.1.0.3]:5432'],
  ])('%j is %s', (address, text) => {
    expect(formatAddress(address)).toBe(text);
    expect(parseAddress(text)).toEqual(address);
  });

  test.each([
    'db3',
    'db3:',
    ':5432',
    'db3:0',
    'db3:65536',
    '::1:5432',
    '[::1]',
    '[::1]5432',
    '[db3]:5432',
    '[]:5432',
    'user@db3:5432',
    'db3:5432/x',
    '-db3:5432',
    '[::1]:5432 ',
    '[::1%eth0]:5432',
  ])('%s is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
    expect(nodeAddress.safeParse(text).success).toBe(false);
  });

  test('a host in brackets must be an IPv6 address, and is told', () => {
    expect(nodeAddress.safeParse('[::1::2]:5432').error?.issues.map(({ message }) => message)).toEqual([
      'what stands in brackets is no IPv6 address',
    ]);
  });

  test('a node is cut at its port, whatever its host is called', () => {
    expect(addressOf('what ever:5432')).toEqual({ host: 'what ever', port: 5432 });
  });
});

describe('a pattern of allowedNodes', () => {
  const allowed = (pattern: string, node: string, host = 'db0'): boolean =>
    allowedByConfig({ hosts: [host], port: 5432, allowedNodes: [pattern] } as unknown as ClusterConfig, node);

  test.each([
    ['[::1]:5432', '[::1]:5432', true],
    ['[fd00::*]:5432', '[FD00::3]:5432', true],
    ['[fd00:*]:*', '[fd00:1::3]:6000', true],
    ['[fd00::*]:5432', '[fd01::3]:5432', false],
    ['[fd00::*]:5432', 'f:5432', false],
    ['[fd00::3]:5432', '[fd00::3]:5433', false],
    ['*:5432', '[::1]:5432', true],
    ['db[12]:5432', 'db1:5432', true],
    ['db[12]:5432', 'db3:5432', false],
  ])('%s and %s: %s', (pattern, node, expected) => expect(allowed(pattern, node)).toBe(expected));

  test('the coordinator is allowed by its own address', () => {
    expect(allowed('nobody:1', '[fd00::1]:5432', 'fd00::1')).toBe(true);
  });
});
