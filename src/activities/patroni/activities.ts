import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { findNode, readNodes } from '../../citus/nodes/nodes.js';
import { withCoordinator } from '../../citus/session/connect.js';
import { does, remediesOf } from '../../contract/index.js';
import { needsPerson } from '../../failures.js';
import { attentionChannel } from '../moving/stalls/attention-channel.js';
import { clusterIn, ownSignal, readSession, type ActivityContext } from '../runtime/context.js';
import { lookAtGroup, type PatroniGroup } from './group.js';
import { lettingGo } from './let-go.js';

/** The activities of {@link patroniActivities}, as workflows call them. */
export type PatroniActivities = ReturnType<typeof patroniActivities>;

/** Milliseconds between two looks. */
const lookMs = 2_000;
/** Looks in a row after which it is left to a person whether servers run that nobody can see. */
const steadyLooks = 4;

/** Activities that wait for Patroni, on a cluster of which it runs the servers. They change nothing. */
export function patroniActivities(context: ActivityContext) {
  return {
    /**
     * Waits while Patroni is seen to run a group, and says what to stop and where.
     *
     * @returns members of which nobody can tell whether they run: for a person to confirm
     */
    awaitLetGo: async ({
      cluster: name,
      group,
    }: {
      cluster: string;
      group: PatroniGroup;
    }): Promise<{ unseen: string[] }> => {
      const cluster = clusterIn(context, name);
      const channel = attentionChannel(context.client, Context.current());
      let told = '';
      for (let silentLooks = 0; ;) {
        const { runs, unseen } = await withCoordinator(cluster, readSession('has it let go?'), (db) =>
          lookAtGroup(db, cluster, group),
        );
        // One that is just stopping says this and that.
        silentLooks = runs.length === 0 ? silentLooks + 1 : 0;
        if (silentLooks > 0 && (unseen.length === 0 || silentLooks === steadyLooks)) {
          channel.clear();
          return { unseen };
        }
        const who = runs.map((line) => line.split(': ')[0]).join();
        if (runs.length > 0 && who !== told) channel.attention(lettingGo(group, runs));
        told = who;
        await sleep(lookMs, undefined, { signal: ownSignal() });
      }
    },

    /** Waits until Patroni has registered these servers as workers. Answers their ids. */
    awaitRegistered: async ({
      cluster: name,
      nodes,
    }: {
      cluster: string;
      nodes: string[];
    }): Promise<{ node: string; nodeId: number }[]> => {
      const cluster = clusterIn(context, name);
      const channel = attentionChannel(context.client, Context.current());
      for (let told = ''; ;) {
        const rows = await withCoordinator(cluster, readSession('registered?'), readNodes);
        const found = nodes.map((node) => ({ node, row: findNode(rows, { node }) }));
        const standby = found.find(({ row }) => row?.role === 'secondary');
        if (standby) throw isStandby(standby.node);
        const missing = found
          .filter(({ row }) => !row?.active || !row.metadataSynced)
          .map(({ node }) => node);
        if (missing.length === 0) {
          channel.clear();
          return found.map(({ node, row }) => ({ node: row?.node ?? node, nodeId: row?.nodeId ?? 0 }));
        }
        const list = missing.join(', ');
        if (list !== told)
          channel.attention({
            problem: `Patroni hasn't registered ${list} yet`,
            evidence: `pg_dist_node has no active worker ${list}`,
            remedies: remediesOf(
              `start Patroni there, with the scope of this cluster, a citus group of its own and the database ${cluster.database}; it goes on by itself`,
              does('cancel', 'or cancel'),
            ),
          });
        told = list;
        await sleep(lookMs, undefined, { signal: ownSignal() });
      }
    },
  };
}

function isStandby(node: string): Error {
  return needsPerson(`${node} is registered as a standby`, {
    evidence: [`pg_dist_node: ${node} is no primary`],
    remedies: [
      does('retry', 'hand its group over to it (patronictl switchover), then retry'),
      does('cancel', 'or cancel, and name the primary of its group'),
    ],
  });
}
