import { runOnNodes } from '../nodes/node-settings.js';
import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';
import { addressOf } from '../../text/address.js';

/** A subscription of a move, with the node that has it. */
export interface MoveSubscription {
  node: string;
  name: string;
}

/** Subscriptions of moves and splits that receive from one of these servers. It takes a superuser to see from whom. */
export async function readSubscriptionsFrom(
  db: Db,
  nodes: readonly string[],
  senders: readonly string[],
): Promise<MoveSubscription[]> {
  const from = senders.map((sender) => {
    const { host, port } = addressOf(sender);
    return `(subconninfo ~ ${literal(`(^|\\s)host='?${escaped(host)}'?(\\s|$)`)} AND subconninfo ~ ${literal(`(^|\\s)port='?${port}'?(\\s|$)`)})`;
  });
  const command = `SELECT coalesce(json_agg(subname), '[]')::text FROM pg_subscription
    WHERE subname ~ '^citus_shard_(move|split)_' AND (${from.join(' OR ')})
      AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command })),
  );
  return answers.flatMap(({ node, success, result }) =>
    success ? (JSON.parse(result) as string[]).map((name) => ({ node, name })) : [],
  );
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
