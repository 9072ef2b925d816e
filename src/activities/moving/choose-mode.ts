import type { Db } from '../../citus/session/connect.js';
import { findConditions, type Finding, type Findings } from '../../citus/tables/find-conditions.js';
import { findViolations } from '../../citus/tables/find-violations.js';
import { does, type MoveMode, type TransferMode } from '../../contract/index.js';
import { needsPerson } from '../../failures.js';
import { copiedBlocking, modeOf, tell } from '../preflight/tables/group-conditions.js';

/** What was asked for and approved, as far as the mode of a move depends on it. */
export interface ApprovedMode {
  transferMode: TransferMode;
  /** The mode that was planned; absent: one in which writes go on. */
  mode?: MoveMode;
  /** Checks that the request accepts. */
  accepts?: string[];
  /** Seconds for which the moves may block writes though they could go on; absent: they may not. */
  maxWriteStall?: number;
}

/** How a shard group is to move now. */
export interface ChosenMode {
  transferMode: TransferMode;
  /** Seconds after which the move ends without effect, because writes wait for it; absent: it may take days. */
  withinSeconds?: number;
}

/**
 * The mode in which a shard group is to move now. A plan may be days old: a table that could move online may not be able to
 * any more, or only now.
 *
 * @throws what needs a person, when writes would be blocked without anybody's approval, or when no mode works
 */
export async function chooseMode(
  db: Db,
  approved: ApprovedMode,
  { from, shardIds }: { from: string; shardIds: number[] },
): Promise<ChosenMode> {
  const { transferMode, maxWriteStall: withinSeconds } = approved;
  if (transferMode !== 'auto') return { transferMode };
  const { findings } = await hindrances(db, approved, from, shardIds);
  switch (modeOf('auto', findings)) {
    case 'logical':
      return withinSeconds !== undefined && modeOf('block_writes', findings) === 'blocking'
        ? { transferMode: 'block_writes', withinSeconds }
        : { transferMode };
    case 'blocking':
      if (mayBlock(approved)) return { transferMode: 'block_writes' };
      throw unapproved(`moving ${tablesOf(findings)} would block writes, which nobody approved`, findings);
    case undefined:
      if (approved.accepts?.includes('movable-tables') === true) return { transferMode };
      throw unapproved(`${tablesOf(findings)} can't be moved any more`, findings);
  }
}

/** What hinders the move. Rows are looked at once more only where nothing else tells why it was to block writes. */
async function hindrances(
  db: Db,
  { mode }: ApprovedMode,
  from: string,
  shardIds: number[],
): Promise<Findings> {
  const found = await findConditions(db, [from], shardIds);
  if (mode !== 'blocking' || modeOf('auto', found.findings) !== 'logical') return found;
  const { findings, unseen } = await findViolations(db, found, [from], () => false, shardIds);
  return { findings: findings.filter(({ reference }) => !reference), unseen };
}

/**
 * The mode of Citus in which reference tables are to be copied now.
 *
 * @throws what needs a person, when writes would be blocked without anybody's approval
 */
export async function chooseCopyMode(db: Db, approved: ApprovedMode): Promise<TransferMode> {
  if (approved.transferMode !== 'auto') return approved.transferMode;
  const { findings } = await findConditions(db, []);
  const blocking = copiedBlocking(findings);
  if (blocking.length === 0) return 'auto';
  if (mayBlock(approved)) return 'block_writes';
  throw unapproved(`copying ${tablesOf(blocking)} would block writes, which nobody approved`, blocking);
}

function mayBlock({ mode, accepts }: ApprovedMode): boolean {
  return mode === 'blocking' || accepts?.includes('blocked-writes') === true;
}

function tablesOf(findings: readonly Finding[]): string {
  return [...new Set(findings.map(({ table }) => table))].slice(0, 5).join(', ');
}

function unapproved(problem: string, findings: readonly Finding[]): Error {
  const statements = [...new Set(findings.flatMap(({ mend }) => mend ?? []))];
  return needsPerson(problem, {
    evidence: [...new Set(findings.map(tell))],
    remedies: [
      does(
        'retry',
        `${statements.length > 0 ? statements.join('; ') : 'mend what the evidence names'}; then retry`,
      ),
      does('cancel', 'or cancel, and start it again: the new plan asks whether those writes may wait'),
    ],
  });
}
