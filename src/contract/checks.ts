import type { Remedy } from './remedy.js';
import { operationTypes, operations, type OperationType } from './operations.js';

/** One check: what is known of it before it is made. */
interface CheckFacts {
  /** What it is when it fails; its maker may say that it matters less in a case. */
  severity: Check['severity'];
  /** Whether a person may accept a blocker with `acceptChecks` and a reason: judgement can be better than the check. */
  acceptable?: true;
  /** Without it no plan can be made, in a dry run neither. */
  essential?: true;
  /** A blocker that doesn't hinder the removal of leftovers: nothing is moved or registered then. */
  lessForCleaning?: true;
  /** A blocker that doesn't hinder the isolation or the removal of a dead worker. */
  lessForTheDead?: true;
  /** When it fails, the plan waits for a person's approval also where none is required; not when the request accepts it. */
  asks?: true;
  /** Nothing is wrong in it, but whoever approves a plan should have read it. */
  consequence?: true;
  /** The operations that it is made for; absent: all; none: `health` alone. */
  of?: readonly OperationType[];
}

const typesThatRescue: OperationType[] = ['emergencyRemoveWorker'];
/** Types that copy data; a rescue makes shards anew. */
const typesThatMove = operationTypes.filter(
  (type) => operations[type].moves && !typesThatRescue.includes(type),
);
/** Types by which servers make tables for each other, as the owners of those. */
const typesThatMakeShards = [...typesThatMove, ...typesThatRescue];
const typesThatAdd: OperationType[] = ['scaleOut', 'replaceWorker'];
const typesThatEmpty: OperationType[] = ['drainWorker', 'removeWorker', 'replaceWorker'];
const typesThatReplace: OperationType[] = ['replaceWorker'];
const typesThatClone: OperationType[] = ['replaceWorker', 'scaleOut'];

/** All checks, by id: kebab-case, for ever. Those that may be accepted come first, those that never block last. */
export const checks = {
  /** Limits of roles and of the database let all moves have the connections that they take at once. */
  'connection-limits': { severity: 'blocker', acceptable: true, of: typesThatMakeShards },
  /** Every node has the connections free that moves and new workers take. It blocks where one move lacks them. */
  connections: { severity: 'blocker', acceptable: true, of: typesThatMove },
  /** No row of `pg_dist_cleanup` stops moves; other leftovers are a warning. */
  leftovers: { severity: 'blocker', acceptable: true, lessForTheDead: true },
  /** Every node has the present metadata. */
  'metadata-synced': {
    severity: 'blocker',
    acceptable: true,
    lessForCleaning: true,
    lessForTheDead: true,
  },
  /** Every registered node is active and answers. */
  'nodes-active': {
    severity: 'blocker',
    acceptable: true,
    lessForCleaning: true,
    lessForTheDead: true,
  },
  /** Each address leads to the server that is registered there, and that one is a primary. */
  'node-identity': { severity: 'blocker', acceptable: true, lessForTheDead: true },
  /** Nodes log in to each other, and the coordinator to itself, as the roles that moves use. */
  'node-logins': { severity: 'blocker', acceptable: true, of: typesThatMakeShards },
  /** Nodes are registered with PostgreSQL's own port, or one that is mapped to it; no pooler is in between. */
  'node-ports': { severity: 'blocker', acceptable: true, of: typesThatMakeShards },
  /** Owners of tables may log in and create on every node, as moves do in their name. */
  'owner-rights': { severity: 'blocker', acceptable: true, of: typesThatMakeShards },
  /**
   * For how long writes will wait: an estimate. With `auto` it names the tables that can't move online, and the plan waits
   * for a person, unless the request accepts this check.
   */
  'blocked-writes': {
    severity: 'warning',
    acceptable: true,
    asks: true,
    consequence: true,
    of: typesThatMove,
  },
  /** Where Patroni runs the servers, the operation doesn't work against it: it registers nodes and promotes their standbys. */
  patroni: { severity: 'blocker', acceptable: true, lessForCleaning: true },
  /** No pooler stands between the worker of citus-scaler and the coordinator. */
  pooler: { severity: 'blocker', acceptable: true },
  /** Moves have prepared transactions free, and none is open for long. */
  'prepared-transactions': { severity: 'blocker', acceptable: true, of: typesThatMove },
  /** Every table's shards can be moved, in one mode at least. */
  'movable-tables': { severity: 'blocker', acceptable: true, of: typesThatMakeShards },
  /** Every table can be moved online: none is columnar, has forced row security, or triggers that fire where changes are applied. */
  'online-moves': { severity: 'blocker', acceptable: true, of: typesThatMove },
  /** Every table can be moved online: it has a primary key or a replica identity. */
  'replica-identity': { severity: 'blocker', acceptable: true, of: typesThatMove },
  /** Moves have replication slots, and origins, free on every node. */
  'replication-slots': { severity: 'blocker', acceptable: true, of: typesThatMove },
  /** The role may do what the operation does. */
  role: { severity: 'blocker', acceptable: true },
  /** Nothing that is set for a role, the database or a server ends or refuses what nodes do for each other. */
  'session-settings': { severity: 'blocker', acceptable: true, lessForCleaning: true },
  /** No server waits at each commit for a synchronous standby that isn't there. */
  'synchronous-standbys': { severity: 'blocker', acceptable: true },
  /** Event triggers let through what moves and registrations make on the nodes. */
  'event-triggers': { severity: 'blocker', acceptable: true, of: typesThatMakeShards },
  /** Each target has room for what it gets, with a margin. */
  'target-disk': { severity: 'blocker', acceptable: true, of: typesThatMove },
  /** All nodes have the same PostgreSQL and Citus. */
  versions: { severity: 'blocker', acceptable: true, lessForCleaning: true, lessForTheDead: true },
  /** Moves have WAL senders free on every node. */
  'wal-senders': { severity: 'blocker', acceptable: true, of: typesThatMove },
  /** Moves have worker processes free on every node. */
  'worker-processes': { severity: 'blocker', acceptable: true, of: typesThatMove },
  /** A new server has the roles, tablespaces and files that tables need, as far as Citus doesn't bring them. */
  'new-node-lacks': { severity: 'blocker', acceptable: true, of: typesThatAdd },
  /** A new server is no physical copy of a node, or of another new one. */
  'new-node-copy': { severity: 'blocker', acceptable: true, of: typesThatAdd },
  /** A new server has the extensions that the cluster's database has. */
  'new-node-extensions': { severity: 'blocker', acceptable: true, of: typesThatAdd },
  /** A new server's database has the coordinator's encoding and locale. */
  'new-node-locale': { severity: 'blocker', acceptable: true, of: typesThatAdd },
  /** Workers and a new server reach one another. */
  'new-node-mesh': { severity: 'blocker', acceptable: true, of: typesThatAdd },
  /** No other worker is away: when several are at once, the likely cause is the network, or this host. */
  'other-workers-answer': { severity: 'blocker', acceptable: true, of: typesThatRescue },
  /** A standby that takes the place of a dead worker has heard of it lately: what came after that is not on it. */
  'standby-lag': { severity: 'blocker', acceptable: true, of: typesThatRescue },
  /** A standby that is to take a worker's place, or a part of its shards, is nearly up to date. */
  'replacement-lag': { severity: 'blocker', acceptable: true, of: typesThatClone },
  /** A clone takes over nothing but the cluster's data: no subscriptions or jobs, which would run twice, no other tables. */
  'clone-copies': { severity: 'blocker', acceptable: true, of: ['scaleOut'] },
  /** Nobody uses another database on the server whose place a standby takes: only the cluster's traffic is held. */
  'replaced-databases': { severity: 'blocker', acceptable: true, of: typesThatReplace },
  /** Patroni doesn't run the standby of a dead worker: it promotes it by itself. */
  'patroni-failover': { severity: 'blocker', acceptable: true, of: typesThatRescue },
  /** No standby is known of whose rows are given up with a dead worker: with one they could be kept. */
  'known-standby': { severity: 'blocker', acceptable: true, of: typesThatRescue },
  /** The worker that is to be isolated doesn't answer: one that lives would lose its copy of the metadata. */
  'isolated-node-away': { severity: 'blocker', acceptable: true, of: ['isolateWorker'] },
  /** No backup holds all changes of the cluster. */
  'cluster-changes': { severity: 'blocker' },
  /** The worker that is to be taken out is a worker of this cluster, or one that was given up and is not made good yet. */
  'dead-worker': { severity: 'blocker', essential: true, of: typesThatRescue },
  /** The server that rows are brought over from was a worker of this cluster, is none any more, and can be fenced. */
  'salvage-server': { severity: 'blocker', essential: true, of: ['salvageWorker'] },
  /** It answers nobody: not citus-scaler, not the coordinator, not the other workers. */
  'dead-worker-away': { severity: 'blocker', of: typesThatRescue },
  /** The coordinator is registered with an address that other hosts reach. */
  'coordinator-address': { severity: 'blocker' },
  /** The coordinator answers. */
  'coordinator-reachable': { severity: 'blocker', essential: true },
  /** The coordinator reaches a new server. */
  'coordinator-reaches-new-node': { severity: 'blocker', of: typesThatAdd },
  /** The coordinator takes writes. */
  'coordinator-writable': { severity: 'blocker', essential: true },
  /** No job or move of others runs. */
  'foreign-job': { severity: 'blocker' },
  /** The server is a Citus coordinator. */
  'is-coordinator': { severity: 'blocker', essential: true },
  /** The node that is to be isolated is an active worker of this cluster. */
  'isolated-node': { severity: 'blocker', essential: true, of: ['isolateWorker'] },
  /** The worker that is to get the metadata again answers. */
  'isolated-node-back': { severity: 'blocker', of: ['isolateWorker'] },
  /** The node that is to be replaced is an active worker of this cluster, and answers. */
  'replaced-worker': { severity: 'blocker', essential: true, of: typesThatReplace },
  /** This Citus can make a worker of a clone: 13.2 is the first. */
  'clone-version': { severity: 'blocker', essential: true, of: ['scaleOut'] },
  /** The worker of which a clone is to take shards is active and has some to split, and its standby is an asynchronous one. */
  'clone-source': { severity: 'blocker', essential: true, of: ['scaleOut'] },
  /** The server that is to take a worker's place as its clone, or a part of its shards, is a streaming standby of that very worker. */
  replacement: { severity: 'blocker', essential: true, of: typesThatClone },
  /** The old server, or a clone that was promoted in vain, can be kept from going on: nobody is let into its database any more. */
  'replaced-fence': { severity: 'blocker', of: typesThatClone },
  /** No unlogged table has shards on a worker whose standby takes over: there they are empty. */
  'replaced-unlogged': { severity: 'blocker', of: typesThatClone },
  /** No transaction has been prepared for long on a worker whose standby takes over. */
  'replaced-transactions': { severity: 'blocker', of: typesThatClone },
  /** The nodes that are to be emptied or removed are workers of this cluster. */
  'leaving-nodes': { severity: 'blocker', essential: true, of: typesThatEmpty },
  /** No registered standby belongs to a worker that is to be removed. */
  'leaving-standbys': { severity: 'blocker', of: ['removeWorker', 'replaceWorker'] },
  /** The config allows to connect to a new server. */
  'new-node-allowed': { severity: 'blocker', of: typesThatAdd },
  /** A new server has the Citus extension. */
  'new-node-extension': { severity: 'blocker', of: typesThatAdd },
  /** A new server is neither the coordinator nor a standby, nor any node under another name. */
  'new-node-is-new': { severity: 'blocker', of: typesThatAdd },
  /** A new server belongs to no other cluster: Citus would take it over, and that one loses what is there. */
  'new-node-other-cluster': { severity: 'blocker', of: typesThatAdd },
  /** A new server is none that was given up and came back: rows may be there and nowhere else. */
  'new-node-given-up': { severity: 'blocker', of: typesThatAdd },
  /** A new server has nothing of its own that is called like the cluster's tables: Citus would drop it, or fail. */
  'new-node-tables': { severity: 'blocker', of: typesThatAdd },
  /** A new server answers. */
  'new-node-reachable': { severity: 'blocker', of: typesThatAdd },
  /** A new server takes writes. */
  'new-node-writable': { severity: 'blocker', of: typesThatAdd },
  /** A new server has the coordinator's PostgreSQL and Citus. */
  'new-node-versions': { severity: 'blocker', of: typesThatAdd },
  /** The config says who starts machines, when some are to be started. */
  provisioner: { severity: 'blocker', of: typesThatAdd },
  /** Another node may hold shards. */
  'remaining-workers': { severity: 'blocker', essential: true, of: typesThatEmpty },
  /** Every shard group of a node that is to be emptied finds a place. */
  'shards-without-place': { severity: 'blocker', of: typesThatEmpty },
  /** Citus is recent enough, its update is finished, and it was tried with this PostgreSQL; the last is a warning. */
  'supported-versions': { severity: 'blocker', essential: true },
  /** No table is unlogged: such tables can't be moved online. */
  'unlogged-tables': { severity: 'blocker', of: typesThatMove },
  /** `wal_level = logical`, which moves need online. */
  'wal-level': { severity: 'blocker', of: typesThatMove },
  /** No base backup runs, which would not fit to those of other nodes. */
  'base-backups': { severity: 'warning', of: typesThatMakeShards },
  /** Consumers of changes (logical slots), who must follow a shard to its new node. */
  'change-consumers': { severity: 'warning', of: typesThatMakeShards },
  /** Nodes can keep the WAL that is written while their largest shard group is copied. */
  'wal-room': { severity: 'warning', of: typesThatMove },
  /** How evenly the data lies. */
  balance: { severity: 'warning', of: [] },
  /** What is to know of the tables of which rows are brought over, and of those of which they aren't. */
  'salvage-tables': { severity: 'warning', of: ['salvageWorker'] },
  /** No server that isn't a node any more works as one: what is written through it changes shards, past the coordinator. */
  'returned-node': { severity: 'warning', of: [] },
  /** Nothing is left to undo by hand. If something is, its SQL is given. */
  'not-undone': { severity: 'warning', of: [] },
  /** No setting is still lowered by an operation that was ended by force. */
  'temporary-settings': { severity: 'warning', of: typesThatMove },
  /** The coordinator holds shards, as workers do. */
  'coordinator-shards': { severity: 'info' },
  /** Every disk has room. */
  disk: { severity: 'warning', of: [] },
  /** Workers that are marked `shouldhaveshards = false`, and what becomes of what they hold. */
  'drained-nodes': { severity: 'warning' },
  /** Workers in service that hold no shard. */
  'empty-nodes': { severity: 'info' },
  /** `idle_in_transaction_session_timeout` doesn't end moves that block writes. */
  'idle-timeout': { severity: 'warning', of: typesThatMove },
  /** Transactions that a dead worker began, and that others have prepared: nobody can tell any more whether they are committed. */
  'in-doubt-transactions': { severity: 'info', consequence: true, of: typesThatRescue },
  /** What goes on while a worker is isolated, or dead, and what doesn't. */
  isolation: { severity: 'info', consequence: true, of: ['isolateWorker', ...typesThatRescue] },
  /** No unlogged table has shards on a dead worker: its standby has them empty, and so has a base backup. */
  'unlogged-on-standby': { severity: 'warning', of: typesThatRescue },
  /** At the end of a movement, Citus wants no move that nobody has approved. */
  'left-to-move': { severity: 'warning', of: typesThatMove },
  /** What becomes of the machine of a worker that is removed, replaced or dead. */
  machine: { severity: 'info', consequence: true, of: ['removeWorker', 'replaceWorker', ...typesThatRescue] },
  /** How many checks were left out because the answer would be too long. */
  'more-checks': { severity: 'info' },
  /** The role may see what others do. */
  'monitor-rights': { severity: 'warning' },
  /** A new server has the settings, libraries, roles and slots of the other nodes, as far as Citus doesn't bring them. */
  'new-node-alike': { severity: 'warning', of: typesThatAdd },
  /** Columns that take their next number from a sequence too small for workers: inserts through a worker fail. */
  'worker-sequences': { severity: 'warning', of: typesThatAdd },
  /** A new server holds nothing that is in the way. */
  'new-node-clean': { severity: 'warning', of: typesThatAdd },
  /** No open transaction has written for so long that moves would wait for it. */
  'old-transactions': { severity: 'warning' },
  /** Shards with several placements, which aren't moved. */
  'replicated-shards': { severity: 'warning', of: typesThatMove },
  /** Standbys that are registered. */
  secondaries: { severity: 'info' },
  /** No distributed table is locked for long. */
  'table-locks': { severity: 'warning' },
  /** The role may change the setting that slows small moves down. */
  'tune-rights': { severity: 'warning', of: typesThatMove },
  /** The largest move fits into a maintenance window. */
  'window-fits': { severity: 'warning', of: typesThatMove },
} as const satisfies Record<string, CheckFacts>;

/** Id of a check. */
export type CheckId = keyof typeof checks;

/** One check, made: what was looked at, and whether it is as it should be. */
export interface Check {
  /** Stable, kebab-case: what `acceptChecks` takes. One of [these](#checks). */
  id: CheckId;
  /** A blocker ends the operation, unless `acceptChecks` names it. */
  severity: 'blocker' | 'warning' | 'info';
  /** Whether it is as it should be. */
  ok: boolean;
  /** False: in this case nobody may accept it, though others of its id may be accepted. */
  acceptable?: false;
  /** What was measured, with figures. */
  evidence: string;
  /** What a person can do. */
  remedy?: Remedy;
}

/** All ids, in the order of the table. */
export const checkIds = Object.keys(checks) as CheckId[];

/** The row of a check. While versions change, an activity may send one that this version has no row for. */
export function checkFacts(id: CheckId): CheckFacts {
  const rows: Partial<Record<string, CheckFacts>> = checks;
  return rows[id] ?? { severity: 'warning' };
}

/** Ids that `acceptChecks` may name. */
export const acceptableChecks = checkIds.filter((id) => checkFacts(id).acceptable);

/** Checks in which nothing is wrong, but which whoever approves a plan should have read. */
export const consequences = checkIds.filter((id) => checkFacts(id).consequence);

/** Whether a plan waits for a person because of it, also where no approval is required. */
export function asks({ id, ok }: Check): boolean {
  return !ok && checkFacts(id).asks === true;
}

/** Whether an operation can't go on with it. */
export function blocks({ severity, ok }: Check): boolean {
  return severity === 'blocker' && !ok;
}

/** The order in which checks are shown: what blocks first, what passed last. */
export function worstFirst(list: Check[]): Check[] {
  const weight = ({ severity, ok }: Check): number =>
    ok ? 0 : { blocker: 3, warning: 2, info: 1 }[severity];
  return [...list].sort((a, b) => weight(b) - weight(a));
}
