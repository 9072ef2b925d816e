import type { Colors } from 'picocolors/types.js';
import type { HealthAnswer, NodeView } from '../../contract/index.js';
import { pinnedShards } from './balance.js';
import { checkLines, standsOut } from './checks.js';
import { bytes, count, moment } from './text/figures.js';
import { table } from './text/table.js';
import { cutMiddle, wrap } from './text/text.js';

/** As many as one takes in at a glance; what they are in all, a dry run of the clean-up tells. */
const shownLeftovers = 10;

/** The state of a cluster on one screen: verdict, nodes, balance, what runs, what is left over, what stands out. */
export function renderHealth(answer: HealthAnswer, paint: Colors, columns: number): string {
  const { cluster, verdict, versions, nodes, nodesTotal, balance, operation, jobs, checks } = answer;
  const outstanding = checks.filter(standsOut);
  const unsized = nodes.some(({ bytes }) => bytes === undefined);
  const even =
    balance.skew === 0 ? 'no data' : `the fullest worker holds ${balance.skew.toFixed(2)} times the mean`;
  return [
    `${paint.bold(cluster)}  ${verdictWord(verdict, paint)}  ${paint.dim(`Citus ${versions.citus}, PostgreSQL ${versions.postgres}`)}`,
    nodeTable(nodes, balance.skew > 0, paint),
    ...(nodesTotal > nodes.length ? [paint.dim(`  and ${nodesTotal - nodes.length} more nodes`)] : []),
    [
      `  Balance: ${unsized ? 'sizes not known' : even}; ${count(balance.movableShards, 'movable shard')}`,
      ...(balance.pinnedShards > 0 ? [`  ${pinnedShards(balance)}`] : []),
    ].join('\n'),
    ...(operation ? [atWork(operation, paint)] : []),
    ...(jobs.length === 0
      ? []
      : [
          jobs
            .map(({ kind, jobId, pid, state, startedAt, description }) =>
              wrap(
                `  ● ${kind === 'job' ? `job ${jobId}` : `move, process ${pid},`} ${state}${startedAt === undefined ? '' : ` since ${moment(startedAt)} UTC`}: ${description}`,
                columns,
                4,
              ),
            )
            .join('\n'),
        ]),
    ...(answer.leftovers.length === 0 ? [] : [leftoverLines(answer, paint)]),
    ...(outstanding.length === 0
      ? [`  ${paint.green('✓')} Nothing stands out.`]
      : [checkLines(outstanding, paint, columns, { cluster })]),
  ].join('\n\n');
}

function atWork({ id, type }: NonNullable<HealthAnswer['operation']>, paint: Colors): string {
  return `  ● ${type} ${id} holds the cluster\n${paint.dim(`    $ citus-scaler status ${id}`)}`;
}

function leftoverLines({ leftovers, leftoversTotal }: HealthAnswer, paint: Colors): string {
  const visible = leftovers.slice(0, shownLeftovers);
  return [
    `  ${count(leftoversTotal, 'leftover')}:`,
    ...visible.map(
      ({ kind, node, name, bytes: size }) =>
        `    ${kind} ${name} on ${node}${size === undefined ? '' : `, ${bytes(size)}`}`,
    ),
    ...(leftoversTotal > visible.length
      ? [paint.dim(`    and ${leftoversTotal - visible.length} more`)]
      : []),
  ].join('\n');
}

function verdictWord(verdict: HealthAnswer['verdict'], paint: Colors): string {
  switch (verdict) {
    case 'good':
      return paint.green('good');
    case 'attention':
      return paint.yellow('needs attention');
    case 'bad':
      return paint.red('bad');
  }
}

function nodeTable(nodes: NodeView[], hasData: boolean, paint: Colors): string {
  const heads = ['node', 'role', 'state', 'shards', 'data', 'disk free'];
  const right = new Set(['shards', 'data', 'disk free']);
  return table(
    heads.map((head) => ({
      head: paint.dim(head),
      align: right.has(head) ? ('right' as const) : ('left' as const),
    })),
    nodes.map((node) => [
      cutMiddle(node.node, 30),
      node.role,
      nodeState(node, hasData, paint),
      String(node.shards),
      node.bytes === undefined ? '–' : bytes(node.bytes),
      node.diskAvailableBytes === undefined ? '' : bytes(node.diskAvailableBytes),
    ]),
    2,
  );
}

function nodeState(
  { active, postgres, metadataSynced, shouldHaveShards, role, shards }: NodeView,
  hasData: boolean,
  paint: Colors,
): string {
  if (postgres === undefined) return paint.red('no answer');
  if (!active) return paint.yellow('inactive');
  // Standbys never have metadata of their own.
  if (!metadataSynced && role !== 'secondary') return paint.yellow('not synced');
  if (role !== 'worker') return 'active';
  if (!shouldHaveShards) return 'drained';
  return hasData && shards === 0 ? paint.yellow('empty') : 'active';
}
