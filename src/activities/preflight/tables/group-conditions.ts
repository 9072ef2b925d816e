import { conditionOf } from '../../../citus/tables/conditions.js';
import type { Finding } from '../../../citus/tables/find-conditions.js';
import type { MoveMode, TransferMode } from '../../../contract/index.js';
import { modeFor } from '../../../planning/transfer-mode.js';

/** A shard group, as far as its conditions are looked up by it. */
interface Group {
  /** 0 for tables that are colocated with nothing. */
  colocationId: number;
  tables: string[];
  shardIds: number[];
}

/** Answers what was found of a shard group: of its tables, and of its own shards. */
export function conditionsByGroup(findings: readonly Finding[]): (group: Group) => Finding[] {
  const ofTables = groupedBy(
    findings.filter(({ at }) => !at),
    ({ colocationId, label }) => keyOf(colocationId, label),
  );
  const ofShards = new Map<number, Finding[]>();
  for (const finding of findings)
    for (const shardId of finding.at?.shardIds ?? []) push(ofShards, shardId, finding);
  return ({ colocationId, tables, shardIds }) => [
    ...new Set([
      ...(ofTables.get(keyOf(colocationId, tables[0] ?? '')) ?? []),
      ...shardIds.flatMap((shardId) => ofShards.get(shardId) ?? []),
    ]),
  ];
}

/** All tables of a colocation group move together; one that is colocated with nothing moves alone. */
export function keyOf(colocationId: number, table: string): string {
  return colocationId === 0 ? table : `${colocationId}`;
}

/** These findings by a key, in their order. */
export function groupedBy<Key>(
  findings: readonly Finding[],
  keyOfFinding: (finding: Finding) => Key,
): Map<Key, Finding[]> {
  const map = new Map<Key, Finding[]>();
  for (const finding of findings) push(map, keyOfFinding(finding), finding);
  return map;
}

function push<Key>(map: Map<Key, Finding[]>, key: Key, finding: Finding): void {
  const list = map.get(key);
  if (list) list.push(finding);
  else map.set(key, [finding]);
}

/** The mode in which shards with these conditions are to move; undefined: none works. */
export function modeOf(transferMode: TransferMode, findings: readonly Finding[]): MoveMode | undefined {
  return modeFor(
    transferMode,
    findings
      // They move all the same; their UPDATE and DELETE fail meanwhile, which the preflight tells.
      .filter(({ condition }) => transferMode !== 'force_logical' || condition !== 'no-identity')
      .flatMap(({ condition }) => {
        const { works } = conditionOf(condition);
        return works === 'unproved' ? [] : [works];
      }),
  );
}

/** What keeps reference tables from being copied online. */
export function copiedBlocking(findings: readonly Finding[]): Finding[] {
  return findings.filter(
    ({ reference, condition }) => reference && conditionOf(condition).works === 'blocking',
  );
}

/** What keeps reference tables from being copied at all. */
export function neverCopied(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ reference, condition }) => reference && conditionOf(condition).works === 'none');
}

/** A condition in words: `public.orders (has no primary key)`, with the node and the shards where it is theirs. */
export function tell({ condition, table, object, at }: Finding): string {
  const where = at ? ` on ${at.node}: ${shardsOf(at.shardIds)}` : '';
  return `${table} (${conditionOf(condition).says(object)}${where})`;
}

function shardsOf(shardIds: number[]): string {
  const shown = shardIds.slice(0, 3).join(', ');
  return shardIds.length > 3 ? `shards ${shown} and ${shardIds.length - 3} more` : `shard ${shown}`;
}
