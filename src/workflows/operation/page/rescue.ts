import { chosenRung, type Loss, type LostTable, type Plan } from '../../../contract/index.js';
import { count, formatBytes, inThousands } from '../../../text/figures.js';
import { code, item, table } from './markdown.js';

/** Whom a rescue takes out, and by which way. */
export function rescueTitle({ rungs = [], removedWorkers, newWorkers, movesTotal }: Plan): string {
  const names = removedWorkers.join(', ');
  const way = chosenRung(rungs);
  switch (way?.id) {
    case undefined:
      return names === ''
        ? `${count(movesTotal, 'lost shard group')} to make anew`
        : `${names} has no way out that is open and accepted`;
    case 'no-shards':
      return `take ${names} out, which loses nothing`;
    case 'standby':
    case 'restored':
      return `put ${newWorkers.join(', ')} in the place of ${names}`;
    case 'give-up-data':
      return `take ${names} out, and give up what only it held`;
  }
}

/** The ways out of a dead worker's cluster, and what is lost by the one that loses rows. */
export function rescueLines({ rungs = [], loss }: Plan): string[] {
  const ways = rungs.map(({ id, why, possible, chosen }) =>
    chosen ? `- ▶ **${id}**, taken: ${item(why)}` : `- ${possible ? '✓' : '✗'} ${id}: ${item(why)}`,
  );
  return [...(ways.length > 0 ? [ways.join('\n')] : []), ...(loss ? lossLines(loss) : [])];
}

function lossLines({ sentence, tables, tablesTotal }: Loss): string[] {
  const more = tablesTotal - tables.length;
  return [
    '**Lost for good, unless the worker comes back:**',
    table(['table', 'shards', 'rows', 'size', 'known by'], tables.map(lostRow)),
    ...(more > 0 ? [`and ${count(more, 'more table')}`] : []),
    `Accepted by exactly this \`acceptDataLoss\`: ${code(sentence)}`,
  ];
}

function lostRow({ table: name, shardGroups, shardsTotal, rows, bytes, basis }: LostTable): string[] {
  const isCounted = rows !== undefined || bytes !== undefined;
  return [
    name,
    `${shardGroups} of ${shardsTotal}`,
    rows === undefined ? 'unknown' : `about ${inThousands(rows)}`,
    bytes === undefined ? 'unknown' : formatBytes(bytes),
    !isCounted ? 'nobody' : basis === 'sample' ? 'the last sample' : 'its other shards',
  ];
}
