import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Worker } from '@temporalio/worker';

export interface Probes {
  /** Where it listens, `host:port`. */
  address: string;
  close: () => Promise<void>;
}

/** Serves /healthz (alive), /readyz (polling) and /metrics (Prometheus, of the SDK) for whatever runs the worker. */
export async function serveProbes(
  listen: string,
  worker: Worker,
  metricsAddress: string | undefined,
): Promise<Probes> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
    };
    const state = worker.getState();
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
    address: `${address}:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function metrics(address: string | undefined): Promise<string> {
  const response = await fetch(`http://${address ?? ''}/metrics`);
  return response.text();
}

function listening(server: Server, listen: string): Promise<void> {
  const cut = listen.lastIndexOf(':');
  const host = cut > 0 ? listen.slice(0, cut) : '127.0.0.1';
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(listen.slice(cut + 1)), host, () => resolve());
  });
}
