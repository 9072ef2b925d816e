import { withCoordinator } from '../../citus/connect.js';
import { readJobs, readMovingSessions } from '../../citus/jobs.js';
import { readCleanupRecords } from '../../citus/leftovers.js';
import { readNodeSetting } from '../../citus/node-settings.js';
import { readServerFacts, versionText } from '../../citus/server-facts.js';
import type { ClusterConfig } from '../../config/index.js';
import type { Check, HealthAnswer } from '../../contract/index.js';
import { balanceOf } from '../../planning/balance.js';
import { session } from '../context.js';
import { listed, passed, warning } from '../preflight/check.js';
import { metadataSynced, nodesActive, specialNodes, versionsEqual } from '../preflight/nodes.js';
import { oldTransactions } from '../preflight/capacity.js';
import { pageOf } from './pages.js';
import { viewNodes } from './node-views.js';

/** Nodes, versions, balance, jobs, leftovers and what stands out. */
export async function inspectHealth(cluster: ClusterConfig, page: number): Promise<HealthAnswer> {
  return withCoordinator(
    cluster,
    session('inspect', { role: 'observer', statementTimeoutSeconds: 60 }),
    async (db) => {
      const facts = await readServerFacts(db);
      const { nodes, groups, capacities, views } = await viewNodes(db);
      const jobs = [...(await readJobs(db)), ...(await readMovingSessions(db))];
      const cleanup = await readCleanupRecords(db);
      const balance = balanceOf(groups, nodes);
      const left =
        jobs.length > 0
          ? []
          : capacities.flatMap((each) =>
              'error' in each
                ? []
                : each.capacity.moveLeftovers.map((name) => ({
                    kind: name.split(' ').slice(0, -1).join(' '),
                    node: each.node,
                    name: name.split(' ').at(-1) ?? name,
                  })),
            );
      const workers = nodes.filter(({ role, active }) => role === 'worker' && active).map(({ node }) => node);
      const raised = (await readNodeSetting(db, workers, 'wal_retrieve_retry_interval')).flatMap((each) =>
        'error' in each || each.owners !== '100ms' ? [] : [each.node],
      );
      const checks: Check[] = [
        nodesActive(nodes, capacities, []),
        metadataSynced(nodes),
        versionsEqual(facts, capacities),
        oldTransactions(capacities),
        ...specialNodes(nodes),
        even(balance.skew),
        cleanup.lost > 0
          ? warning(
              'leftovers',
              `${cleanup.lost} rows of pg_dist_cleanup name node groups that are gone`,
              'moves of these shards would fail; delete the rows when no such server comes back',
            )
          : left.length > 0
            ? warning(
                'leftovers',
                `of earlier moves: ${listed(left.map(({ node, name }) => `${node}: ${name}`))}`,
                'call citus_cleanup_orphaned_resources()',
              )
            : passed('leftovers', 'none of earlier moves'),
        raised.length > 0 && jobs.length === 0
          ? warning(
              'borrowed-settings',
              `wal_retrieve_retry_interval = 100ms on ${listed(raised)}, though nothing moves`,
              'when no operation runs: ALTER SYSTEM RESET wal_retrieve_retry_interval; SELECT pg_reload_conf(); there',
            )
          : passed('borrowed-settings', 'no setting is left raised'),
      ];
      const { items, ...next } = pageOf(views, page, 100);
      return {
        cluster: cluster.name,
        verdict: verdictOf(checks),
        versions: { citus: facts.citus ?? 'missing', postgres: versionText(facts.versionNum) },
        nodes: items,
        nodesTotal: views.length,
        balance: { ...balance, workers: balance.workers.slice(0, 100) },
        jobs: jobs.slice(0, 50),
        leftovers: left.slice(0, 50),
        checks: [...checks].sort((a, b) => Number(a.ok) - Number(b.ok)),
        ...next,
      };
    },
  );
}

function even(skew: number): Check {
  const said = `the fullest worker holds ${skew.toFixed(2)} times the mean`;
  return skew > 1.5 ? warning('balance', said, 'a rebalance would spread the data') : passed('balance', said);
}

function verdictOf(checks: Check[]): HealthAnswer['verdict'] {
  if (checks.some(({ ok, severity }) => !ok && severity === 'blocker')) return 'bad';
  return checks.some(({ ok }) => !ok) ? 'attention' : 'good';
}
