import type { Db } from '../session/db.js';
import { literal } from '../session/quote.js';
import { within } from '../session/within.js';
import { askEach } from '../nodes/ask-each.js';
import { runOnNodes } from '../nodes/node-settings.js';
import { conditionIds, conditionOf, type ConditionId } from './conditions.js';
import { ownShards, type Finding, type Findings } from './find-conditions.js';
import { answerIn, uncompiledInFull } from './uncompiled.js';

/** Seconds for the rows of one table on all nodes, and for all of them. */
const seconds = { table: 3, all: 10 };

/** Pages of a shard that are looked at where any row tells. */
const samplePages = 1000;

/** What is to be looked for in the rows of a shard. */
interface RowTest extends Omit<Finding, 'at'> {
  node: string;
  shardId: number;
  /** The shard, as SQL spells it. */
  shard: string;
  /** The name under which the condition knows it. */
  alias: string;
  /** The SQL condition of a row that is at fault. */
  fault: string;
}

/**
 * Looks, for a limited time, for rows that a move or a copy of their table would fail with: what the catalog alone can't
 * tell. Answers the findings with what that showed.
 *
 * @param mayBlock whether shards may move with their writes blocked that have these findings
 * @param shardIds only these shards and their tables; absent: all
 */
export async function findViolations(
  db: Db,
  { findings, unseen }: Findings,
  nodes: string[],
  mayBlock: (findings: readonly Finding[]) => boolean,
  shardIds?: number[],
): Promise<Findings> {
  const tests = await readTests(db, nodes, shardIds);
  const end = Date.now() + seconds.all * 1000;
  const keys = tests.filter(({ condition }) => condition === 'violated-key');
  const ordinary = await runTests(
    db,
    tests.filter(({ condition }) => condition !== 'violated-key'),
    end,
  );
  const found = [...settle(findings, ordinary), ...ordinary.found];
  let blocked = keys.filter((test) => mayBlock(found.filter((each) => isTogether(each, test))));
  if (blocked.length > 0) {
    // On nodes keys are often NOT VALID, though they are made as the coordinator has them.
    const unchecked = await readUncheckedKeys(db);
    blocked = blocked.filter(({ table, object }) => !unchecked.has(`${table} ${object}`));
  }
  return { findings: [...found, ...(await runTests(db, blocked, end)).found], unseen };
}

function isTogether(a: Finding, b: RowTest): boolean {
  return a.colocationId === b.colocationId && (a.colocationId !== 0 || a.table === b.table);
}

/** Foreign keys that are NOT VALID: a move makes them so, and looks at no row. */
async function readUncheckedKeys(db: Db): Promise<Set<string>> {
  const rows = await db.query<{ key: string }>(`
    SELECT format('%I.%I %s', n.nspname, h.relname, f.conname) AS key
      FROM pg_catalog.pg_constraint f JOIN pg_catalog.pg_class h ON h.oid = f.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = h.relnamespace WHERE f.contype = 'f' AND NOT f.convalidated`);
  return new Set(rows.map(({ key }) => key));
}

interface Outcome {
  found: Finding[];
  /** Conditions and tables that were looked at to the end. */
  settled: Set<string>;
}

/** What could only be suspected is known once all rows were looked at. */
function settle(findings: readonly Finding[], { found, settled }: Outcome): Finding[] {
  const known = new Set([
    ...settled,
    ...found.map(({ condition, table }) => `${conditionOf(condition).settles ?? ''} ${table}`),
  ]);
  return findings.flatMap((finding) => {
    if (conditionOf(finding.condition).works !== 'unproved') return [finding];
    if (known.has(`${finding.condition} ${finding.table}`)) return [];
    return [{ ...finding, object: `${finding.object}, and not all rows could be looked at` }];
  });
}

async function runTests(db: Db, tests: readonly RowTest[], end: number): Promise<Outcome> {
  const byTable = new Map<string, RowTest[]>();
  for (const test of tests) byTable.set(test.table, [...(byTable.get(test.table) ?? []), test]);
  const outcome: Outcome = { found: [], settled: new Set() };
  for (const [table, own] of byTable) {
    const left = Math.min(seconds.table, Math.ceil((end - Date.now()) / 1000));
    const faults = left > 0 ? await within(db, left, () => faultsOf(db, own)) : undefined;
    if (!faults) continue;
    outcome.found.push(...faults.found);
    for (const { condition } of own) {
      const { settles } = conditionOf(condition);
      if (settles && faults.isComplete) outcome.settled.add(`${settles} ${table}`);
    }
  }
  return outcome;
}

/** Runs the tests of one table, all nodes at once, one statement each. */
async function faultsOf(
  db: Db,
  tests: readonly RowTest[],
): Promise<{ found: Finding[]; isComplete: boolean }> {
  const nodes = [...new Set(tests.map(({ node }) => node))];
  const own = (node: string): RowTest[] => tests.filter((test) => test.node === node);
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command: trialOf(own(node)) })),
  );
  let isComplete = true;
  const found = answers.flatMap(({ node, success, result }) => {
    const [, list] = /rows at fault: ([0-9A-Z:,]+)/.exec(result) ?? [];
    if (!success && list === undefined) isComplete = false;
    return (list ?? '').split(',').flatMap((each): Finding[] => {
      const [index = '', state = ''] = each.split(':');
      const test = own(node)[Number(index)];
      if (index === '' || !test) return [];
      if (saysNothing.test(state)) isComplete = false;
      return saysNothing.test(state) ? [] : [findingOf(test)];
    });
  });
  // What fails with every search_path isn't bound to one.
  const fails = found.some(({ condition }) => conditionOf(condition).works === 'none');
  return {
    found: merged(found.filter(({ condition }) => !fails || condition !== 'path-bound')),
    isComplete,
  };
}

/** SQLSTATEs of what is nothing of the rows: connections, limits, locks, rights, a session that may not write. */
const saysNothing = /^(08|25|40|53|55|57|58|XX|42501)/;

function findingOf({ node, shardId, shard: _, alias: __, fault: ___, ...finding }: RowTest): Finding {
  return { ...finding, at: { node, shardIds: [shardId] } };
}

/** One finding for all shards of a node with the same fault. */
function merged(findings: readonly Finding[]): Finding[] {
  const byWhat = new Map<string, Finding>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.condition, finding.object, finding.at?.node]);
    const first = byWhat.get(key);
    if (first?.at && finding.at) first.at.shardIds.push(...finding.at.shardIds);
    else byWhat.set(key, finding);
  }
  return [...byWhat.values()];
}

/**
 * A block that looks at rows as one who may not write, each test by itself, and says which are at fault, in an error:
 * its number, and the SQLSTATE with which it failed. Nothing of the rows is told. A block that found nothing just ends.
 */
function trialOf(tests: readonly RowTest[]): string {
  const list = tests.map(({ condition, object, shard, alias, fault }, n) => {
    const bare = condition === 'path-bound';
    const builds = condition === 'failing-expression' && object.startsWith('index ');
    const sample = bare ? `${alias}.ctid < '(${samplePages},0)' AND ` : '';
    return {
      ...{ n, shard, bare, builds },
      query: `SELECT EXISTS (SELECT FROM ${shard} AS ${alias} WHERE ${sample}(${fault}))`,
    };
  });
  return `DO $trial$
DECLARE t record; faulty boolean; found text := ''; path text := current_setting('search_path');
BEGIN
  PERFORM set_config('transaction_read_only', 'on', true), set_config('row_security', 'off', true), set_config('jit', 'off', true);
  FOR t IN SELECT * FROM json_to_recordset(${literal(JSON.stringify(list))}) AS x(n int, shard text, bare boolean, builds boolean, query text) LOOP
    CONTINUE WHEN to_regclass(t.shard) IS NULL;
    BEGIN
      -- From 17 on an index is built with a search_path that is as good as empty.
      IF t.bare OR (t.builds AND current_setting('server_version_num')::int >= 170000) THEN PERFORM set_config('search_path', '', true); END IF;
      EXECUTE t.query INTO faulty;
      IF faulty THEN found := found || t.n || ':23514,'; END IF;
      PERFORM set_config('search_path', path, true);
    EXCEPTION WHEN OTHERS THEN
      found := found || t.n || ':' || SQLSTATE || ',';
    END;
  END LOOP;
  IF found <> '' THEN RAISE EXCEPTION 'rows at fault: %', found; END IF;
END $trial$`;
}

/** Reads what is to be looked for, from the nodes: each knows its shards. */
async function readTests(db: Db, nodes: string[], shardIds?: number[]): Promise<RowTest[]> {
  const command = uncompiledInFull(testsQuery(shardIds));
  const answers = await askEach(db, nodes, 20, (some) =>
    runOnNodes(
      db,
      some.map((node) => ({ node, command })),
    ),
  );
  return answers.flatMap((answer) =>
    'success' in answer && answer.success
      ? (JSON.parse(answerIn(answer.result)) as Omit<RowTest, 'node'>[]).map((test) => ({
          ...test,
          node: answer.node,
        }))
      : [],
  );
}

function testsQuery(shardIds?: number[]): string {
  const rows = conditionIds
    .filter((id: ConditionId) => conditionOf(id).at === 'rows')
    .map((id) => `SELECT '${id}', o.* FROM (${conditionOf(id).objects}) o(object, mend, fault)`);
  return `
    WITH t AS MATERIALIZED (${ownShards(shardIds)})
    SELECT coalesce(json_agg(json_build_object('condition', f.condition, 'table', t.name, 'label', t.label, 'object', f.object,
             'mend', f.mend, 'colocationId', t.colocation, 'reference', t.reference, 'shardId', t.shardid, 'shard', c.oid::regclass::text,
             'alias', t.alias, 'fault', f.fault) ORDER BY f.condition, t.name, f.object, t.shardid), '[]')::text AS answer
      FROM t JOIN pg_catalog.pg_class c ON c.oid = t.oid AND c.relkind = 'r',
      LATERAL (${rows.join('\nUNION ALL ')}) f(condition, object, mend, fault)`;
}
