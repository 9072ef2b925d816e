import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { State } from '@temporalio/worker';
import { ConnectionConfigError } from './client/errors.js';
import { addressOf, addressPattern, formatAddress } from './text/address.js';

export interface Probes {
  /** Where it listens, `host:port`. */
  address: string;
  close: () => Promise<void>;
}

/**
 * Serves /healthz (alive), /readyz (polling) and /metrics (Prometheus, of the SDK) for whatever runs the worker.
 *
 * @throws ConnectionConfigError when it can't listen there
 */
export async function serveProbes(
  listen: string,
  stateOf: () => State,
  metricsAddress: string | undefined,
): Promise<Probes> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
    };
    const state = stateOf();
    switch (request.url) {
      case '/healthz':
        answer(state === 'FAILED' || state === 'STOPPED' ? 503 : 200, state);
        break;
      case '/readyz':
        answer(state === 'RUNNING' ? 200 : 503, state);
        break;
      case '/metrics':
        metrics(metricsAddress).then(
          (text) => answer(200, text),
          () => answer(503, 'no metrics yet'),
        );
        break;
      default:
        answer(404, 'try /healthz, /readyz or /metrics');
    }
  });
  await listening(server, listen);
  const { address, port } = server.address() as AddressInfo;
  return {
    address: formatAddress({ host: address, port }),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function metrics(address: string | undefined): Promise<string> {
  const response = await fetch(`http://${address ?? ''}/metrics`);
  return response.text();
}

function listening(server: Server, listen: string): Promise<void> {
  const address = /^\d+$/.test(listen) ? `127.0.0.1:${listen}` : listen;
  const { host, port } = addressOf(address);
  if (!addressPattern.test(address) || port > 65_535)
    throw new ConnectionConfigError(
      `--listen takes PORT or HOST:PORT, with a port up to 65535; found ${listen}`,
    );
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new ConnectionConfigError(`the worker can’t listen on ${listen}: ${error.message}`, error));
    });
    server.listen(port, host, () => resolve());
  });
}
