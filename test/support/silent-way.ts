import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server of this machine whose present connections can fall silent; new ones get through. */
export interface SilentWay {
  port: number;
  /** From now on nothing gets through what is open, and nothing is closed: as if the host at the other end were another. */
  silence: () => void;
  close: () => Promise<void>;
}

/** Opens a way to a port. */
export async function openSilentWay(target: number): Promise<SilentWay> {
  const sockets = new Set<Socket>();
  let pairs: { silent: boolean }[] = [];
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port: target });
    const pair = { silent: false };
    pairs.push(pair);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('data', (data) => !pair.silent && to.write(data));
      from.on('close', () => {
        sockets.delete(from);
        if (!pair.silent) to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    silence: () => {
      for (const pair of pairs) pair.silent = true;
      pairs = [];
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
