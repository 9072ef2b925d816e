import { expect, test } from 'vitest';
import { serveProbes } from '../../src/probes.js';

test('probes answer with the state of the worker, and a port in use is named', async () => {
  let state: 'INITIALIZED' | 'RUNNING' = 'INITIALIZED';
  const probes = await serveProbes('127.0.0.1:0', () => state, undefined);
  try {
    const ready = (): Promise<number> =>
      fetch(`http://${probes.address}/readyz`).then(({ status }) => status);
    expect(await ready()).toBe(503);
    state = 'RUNNING';
    expect(await ready()).toBe(200);
    await expect(serveProbes(probes.address, () => state, undefined)).rejects.toMatchObject({
      type: 'Config',
      message: expect.stringContaining(`can’t listen on ${probes.address}`) as string,
    });
  } finally {
    await probes.close();
  }
});

test('an IPv6 address has brackets', async () => {
  const probes = await serveProbes('[::1]:0', () => 'RUNNING', undefined);
  expect(probes.address).toMatch(/^\[::1\]:\d+$/);
  await probes.close();
});

test.each(['99999', 'foo:bar', '::1:9464', ''])('%j is no place to listen', async (listen) => {
  await expect(serveProbes(listen, () => 'RUNNING', undefined)).rejects.toMatchObject({
    type: 'Config',
    message: expect.stringContaining('--listen takes PORT or HOST:PORT') as string,
  });
});
