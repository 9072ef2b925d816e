import type { Db } from '../../citus/session/connect.js';
import { failureOf } from './stalls/failures.js';
import { someoneElseMoves } from './stalls/someone-else.js';
import type { Scene } from './stalls/stall.js';

/** Refuses when somebody else moves data; called right before data moves. @throws what passes */
export async function refuseBesideOthers(db: Db, scene: Scene): Promise<void> {
  const stall = await someoneElseMoves(db, scene);
  if (stall) throw failureOf(stall, scene);
}
