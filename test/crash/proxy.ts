import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server of this machine that can become a black hole: nothing gets through, and nothing is closed. */
export interface Proxy {
  readonly port: number;
  swallow: () => void;
  /** What was held back gets through. */
  open: () => void;
  close: () => Promise<void>;
}

export async function startProxy(target: number): Promise<Proxy> {
  const pairs = new Set<[Socket, Socket]>();
  let swallowing = false;
  let held: (() => void)[] = [];
  /** What one side does reaches the other, now or when there is a way again. */
  const pass = (what: () => void): void => {
    if (swallowing) held.push(what);
    else what();
  };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: '127.0.0.1', port: target, allowHalfOpen: true });
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      from.setNoDelay(true);
      from.on('data', (data) => pass(() => to.write(data)));
      from.on('end', () => pass(() => to.end()));
      from.on('error', () => pass(() => to.destroy()));
      from.on('close', () =>
        pass(() => {
          to.destroy();
          pairs.delete(pair);
        }),
      );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    swallow: () => {
      swallowing = true;
    },
    open: () => {
      swallowing = false;
      const late = held;
      held = [];
      late.forEach((what) => what());
    },
    close: async () => {
      pairs.forEach((pair) => pair.forEach((socket) => socket.destroy()));
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
