import type { Db } from '../../../citus/session/connect.js';
import { readFreeDisk } from '../../../citus/nodes/disk.js';
import { does } from '../../../contract/index.js';
import { formatBytes } from '../../../text/figures.js';
import { nodesOf, type Scene, type Stall } from './stall.js';

/** The target would keep too little free space: Citus looks before it copies. */
export function targetHasNoRoom(db: Db, scene: Scene): Promise<Stall> {
  return noRoom(db, scene, scene.target);
}

/** PostgreSQL could not write on one of the nodes. It doesn't say which: the one with the least free space. */
export function diskIsFull(db: Db, scene: Scene): Promise<Stall> {
  return noRoom(db, scene, undefined);
}

async function noRoom(db: Db, scene: Scene, target: string | undefined): Promise<Stall> {
  const disks = (await readFreeDisk(db, await nodesOf(db, scene))).sort((a, b) => a.available - b.available);
  const node = target ?? disks[0]?.node ?? 'one of the nodes';
  return {
    cause: `no-room ${node}`,
    problem: `there is not enough free disk space on ${node}`,
    evidence: [
      ...disks.map(
        (disk) => `${disk.node}: ${formatBytes(disk.available)} free of ${formatBytes(disk.total)}`,
      ),
      scene.what,
    ],
    remedies: [
      does('retry', `free or add disk space on ${node}, then retry`),
      does('cancel', 'or cancel: what was moved stays where it is'),
    ],
    outlook: 'stuck',
  };
}
