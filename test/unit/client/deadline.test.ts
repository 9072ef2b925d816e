import { constants, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { within } from '../../../src/client/temporal/grpc.js';

test('a server that resets a late request is Temporal that doesn’t answer, as one that lets it wait', async () => {
  const server = createServer();
  server.on('stream', (stream) => {
    stream.close(constants.NGHTTP2_CANCEL);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const target = { address: `127.0.0.1:${port}`, namespace: 'default' };
  const connection = Connection.lazy({ address: target.address });
  try {
    const asked = within(connection, target, () =>
      connection.withDeadline(Date.now() + 2_000, () => connection.workflowService.listNamespaces({})),
    );
    await expect(asked).rejects.toMatchObject({ type: 'Unreachable', what: 'temporal' });
  } finally {
    await connection.close();
    server.close();
  }
});
