import type { Db } from '../../citus/session/connect.js';
import { readReferenceRoute } from '../../citus/nodes/reference-copies.js';
import { conditionOf } from '../../citus/tables/conditions.js';
import type { Finding } from '../../citus/tables/find-conditions.js';
import { readLeastPatience } from '../../citus/moving/patience.js';
import { expectedWriteStall } from '../../planning/write-stall.js';
import type { Check, TransferMode } from '../../contract/index.js';
import { blockedWrites } from '../preflight/tables/blocked-writes.js';
import { findHindrances } from '../preflight/tables/find-hindrances.js';
import {
  conditionsByGroup,
  copiedBlocking,
  modeOf,
  neverCopied,
} from '../preflight/tables/group-conditions.js';
import { immovable } from '../preflight/tables/table-checks.js';
import { applyAcceptance } from '../preflight/severity.js';
import type { Approved } from '../../planning/approved.js';
import { formatTables } from '../../text/figures.js';
import type { GroupMove } from './group-moves.js';

/** Moves with their modes, and what whoever approves them should know of that. */
export interface ModedMoves {
  moves: GroupMove[];
  /** Those of them that no mode makes. */
  stuck: ReadonlySet<GroupMove>;
  /** Writes to reference tables have to wait while they are copied. */
  copiesBlocking: boolean;
  /** Seconds for which moves may block writes that could also go on; 0: never. */
  maxWriteStall: number;
  checks: Check[];
}

/** A plan that moves nothing. */
export const noMoves: ModedMoves = {
  moves: [],
  stuck: new Set(),
  copiesBlocking: false,
  maxWriteStall: 0,
  checks: [],
};

/** Tables that an approval of these moves lets block writes: what is beyond them is asked for anew. */
const mostBlocking = 200;

/** What the approval of these moves says of blocked writes. */
export function blockingApproved(request: Asked, moves: readonly GroupMove[]): Pick<Approved, 'blocking'> {
  if (request.transferMode !== 'auto' || request.input.acceptChecks?.includes('blocked-writes') === true)
    return {};
  const blocking = moves.flatMap(({ mode, group }) =>
    mode === 'blocking' ? [formatTables(group.tables)] : [],
  );
  return { blocking: [...new Set(blocking)].slice(0, mostBlocking) };
}

/** Those of the moves that block no writes but to tables for which that was approved. */
export function withinApproved({ blocking }: Approved, moves: readonly GroupMove[]): GroupMove[] {
  return moves.filter(
    ({ mode, group }) => mode === 'logical' || (blocking?.includes(formatTables(group.tables)) ?? true),
  );
}

interface Asked {
  transferMode: TransferMode;
  maxWriteStall?: number;
  input: { acceptChecks?: string[] | undefined };
}

/**
 * The bound on the write stall: below any time after which a statement of the application would give up (`lock_timeout` and
 * `statement_timeout` of roles and databases, and of the server).
 */
async function boundOf(db: Db, wished: number): Promise<number> {
  if (wished === 0) return 0;
  const patience = await readLeastPatience(db);
  return patience === undefined ? wished : Math.min(wished, 0.8 * patience);
}

/**
 * Chooses the mode of each move, by the conditions of its tables and of its shards where they are. Moves that no mode
 * makes block, unless the request accepts that.
 *
 * @param joining whether a worker joins, to which reference tables are copied; they are also copied to any that lacks them
 */
export async function chooseModes(
  db: Db,
  request: Asked,
  moves: readonly GroupMove[],
  joining = false,
): Promise<ModedMoves> {
  if (moves.length === 0) return noMoves;
  const { transferMode } = request;
  const maxWriteStall = transferMode === 'auto' ? await boundOf(db, request.maxWriteStall ?? 0) : 0;
  const { findings } = await findHindrances(
    db,
    [...new Set(moves.map(({ from }) => from))],
    transferMode,
    moves.flatMap(({ group }) => group.shardIds),
  );
  const conditionsOf = conditionsByGroup(findings);
  const stuck = new Set<GroupMove>();
  const obstacles = new Set<Finding>();
  const why = new Set<Finding>();
  const moded = moves.map((move): GroupMove => {
    const conditions = conditionsOf(move.group);
    const mode = modeOf(transferMode, conditions);
    const chosen: GroupMove = {
      ...move,
      mode: mode ?? (transferMode === 'block_writes' ? 'blocking' : 'logical'),
    };
    const mayBlock = mode === 'logical' && modeOf('block_writes', conditions) === 'blocking';
    if (mayBlock && expectedWriteStall(move.bytes) <= maxWriteStall) chosen.within = true;
    if (mode === undefined) stuck.add(chosen);
    for (const each of conditions)
      if (mode === undefined) obstacles.add(each);
      else if (mode === 'blocking' && conditionOf(each.condition).works === 'blocking') why.add(each);
    return chosen;
  });
  const isCopied = joining || (await readReferenceRoute(db, transferMode)) !== undefined;
  if (isCopied) for (const each of neverCopied(findings)) obstacles.add(each);
  const ofReferences = isCopied && transferMode === 'auto' ? copiedBlocking(findings) : [];
  return {
    moves: moded,
    stuck,
    copiesBlocking: ofReferences.length > 0,
    maxWriteStall,
    checks: [
      ...applyAcceptance(
        obstacles.size > 0 ? [immovable([...obstacles])] : [],
        request.input.acceptChecks ?? [],
      ),
      ...blockedWrites(request, moded, [...why, ...ofReferences]),
    ],
  };
}
