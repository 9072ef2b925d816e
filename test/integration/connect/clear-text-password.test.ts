import { connect, createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classify } from '../../../src/activities/runtime/classify.js';
import { encrypted, password, setTlsStage, type TlsStage } from './tls-stage.js';

let stage: TlsStage;
beforeAll(async () => {
  stage = await setTlsStage();
});
afterAll(() => stage.cluster.stop());

describe('a server that asks for the password in clear text', () => {
  test('gets none without TLS', async () => {
    const { port, close, sent } = await recorded(stage.cluster.coordinator.port);
    const outcome = await stage.attempt('in_clear', { mode: 'disable' }, port);
    close();
    if (!('error' in outcome)) throw new Error('it connected');
    expect(outcome.error.name).toBe('CleartextRefusedError');
    expect(outcome.error.message).toContain('coordinator.tls');
    expect(classify(outcome.error)).toMatchObject({ type: 'NeedsPerson' });
    const bytes = sent();
    // What follows the start-up message is nothing, or a farewell; a password message would be a `p`.
    expect(bytes.subarray(bytes.readInt32BE(0)).toString('latin1')).toMatch(/^(X\0\0\0\x04)?$/);
    expect(bytes.toString('latin1')).toContain('in_clear');
    expect(bytes.toString('latin1')).not.toContain(password);
  });

  test('gets it with TLS', async () => {
    expect(await stage.attempt('in_clear', { mode: 'verify-full', ...stage.ca('ours') })).toEqual(encrypted);
  });
});

/** A way to the server that keeps what the client sends. */
async function recorded(port: number): Promise<{ port: number; close: () => void; sent: () => Buffer }> {
  const kept: Buffer[] = [];
  const relay = createServer((client) => {
    const behind = connect(port, '127.0.0.1');
    client.on('data', (data: Buffer) => kept.push(data));
    client.on('error', () => behind.destroy()).pipe(behind);
    behind.on('error', () => client.destroy()).pipe(client);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  return {
    port: (relay.address() as AddressInfo).port,
    close: () => relay.close(),
    sent: () => Buffer.concat(kept),
  };
}
