import type { RoleSession, SessionSetting } from '../../../citus/roles/role-sessions.js';
import { identifier } from '../../../citus/session/quote.js';
import { expectedSeconds } from '../../../planning/next-batch.js';
import type { Check } from '../../../contract/index.js';
import { formatBytes, formatSeconds } from '../../../text/figures.js';
import { failed, listOf, passed, warning } from '../check.js';
import { mendOnNodes, sayByNodes } from '../on-nodes.js';
import { harmfulSettings, type HarmfulSetting } from './harmful-settings.js';

/** The work for which sessions have to last. */
export interface SessionWork {
  database: string;
  /** Nodes that give or take shards, or join: only there long statements run. */
  dataNodes: ReadonlySet<string>;
  /** Bytes of the largest shard group; undefined: unknown. */
  largestBytes: number | undefined;
}

interface Finding {
  session: RoleSession;
  blocks: boolean;
  evidence: string;
  statement: string;
}

/** Seconds that a statement of a move may take though nothing is copied: metadata, waits for other moves. */
const shortSeconds = 10;
/** A longer copy than expected is no rarity: other disks, a busy network, many indexes. */
const slowness = 5;
/** What a copy should have at least. Also what a move may wait for a transaction that writes. */
const leastSeconds = 60;

/** Checks that nothing set for a role, the database or a server ends or refuses what nodes do for each other. */
export function sessionSettings(sessions: readonly RoleSession[], work: SessionWork): Check {
  const findings = sessions.flatMap((session) => [...actsAsAnother(session), ...harms(session, work)]);
  if (findings.length === 0)
    return passed(
      'session-settings',
      `no time-out, read-only setting or other role for ${listOf([...new Set(sessions.map(({ role }) => role.role))])} on ${new Set(sessions.map(({ node }) => node)).size} nodes`,
    );
  const worst = [...findings].sort((a, b) => Number(b.blocks) - Number(a.blocks));
  return (worst[0]?.blocks ? failed : warning)(
    'session-settings',
    sayByNodes(worst.map(({ session: { node }, evidence }) => ({ node, what: evidence }))),
    mendOnNodes(
      worst.map(({ session, statement }) => ({
        node: session.node,
        what: complete(statement, session, work),
      })),
    ),
  );
}

function actsAsAnother(session: RoleSession): Finding[] {
  const { role, actsAs, actsAsBy } = session;
  if (actsAs === null) return [];
  return [
    {
      session,
      blocks: true,
      evidence: `sessions of ${describe(session)} act as ${actsAs} (${sourceOf(session, 'role', actsAsBy)}), without the rights of ${role.role}`,
      statement: 'RESET role',
    },
  ];
}

function harms(session: RoleSession, work: SessionWork): Finding[] {
  return session.settings.flatMap((setting) => {
    const harmful = harmfulSettings.find(({ name }) => name === setting.name);
    if (!harmful) return [];
    const weight = weightOf(harmful, session, setting, work);
    return weight === undefined
      ? []
      : [
          {
            session,
            blocks: weight === 'blocks',
            evidence: `${setting.name} = ${setting.value} for ${describe(session)} (${sourceOf(session, setting.name, setting.source, setting.file)}): ${harmful.harm}${expectation(harmful, session, work)}`,
            statement: `SET ${setting.name} = ${harmful.good}`,
          },
        ];
  });
}

function weightOf(
  { kind, ends, of, rarelyOf = [] }: HarmfulSetting,
  { role, node }: RoleSession,
  { value, milliseconds, bytes }: SessionSetting,
  { dataNodes, largestBytes }: SessionWork,
): 'blocks' | 'warns' | undefined {
  const fails = of.some((part) => role.parts.includes(part));
  if (!fails && !rarelyOf.some((part) => role.parts.includes(part))) return undefined;
  if (kind === 'switch') return value === 'on' ? 'blocks' : undefined;
  // What is sorted for an index is less than the whole, and what fits into memory isn't written: who knows.
  if (kind === 'room')
    return bytes !== null && bytes >= 0 && dataNodes.has(node) && bytes < (largestBytes ?? 0)
      ? 'warns'
      : undefined;
  if (milliseconds === null || milliseconds <= 0) return undefined;
  const seconds = milliseconds / 1_000;
  if (!dataNodes.has(node)) return seconds < shortSeconds ? 'blocks' : undefined;
  if (!fails) return 'warns';
  const needed = ends === 'copy' && largestBytes !== undefined ? slowness * expectedSeconds(largestBytes) : 0;
  return seconds < Math.max(leastSeconds, needed) ? 'blocks' : 'warns';
}

function expectation(
  { kind, ends }: HarmfulSetting,
  { node }: RoleSession,
  { dataNodes, largestBytes }: SessionWork,
): string {
  if (kind === 'room') return `; the largest shard group has ${formatBytes(largestBytes ?? 0)}`;
  return ends === 'copy' && dataNodes.has(node) && largestBytes !== undefined
    ? `; the largest is expected to take about ${formatSeconds(Math.ceil(expectedSeconds(largestBytes)))}`
    : '';
}

function describe({ role: { role, parts } }: RoleSession): string {
  const part = parts.includes('acting')
    ? 'as which we act'
    : parts.includes('extension owner')
      ? 'who owns the extension'
      : 'who owns tables';
  return `${role} (${part})`;
}

/** Where a setting comes from, as a person would look for it. */
function sourceOf(
  { role: { role } }: RoleSession,
  name: string,
  source: string | null,
  file: string | null = null,
): string {
  switch (source) {
    case 'database':
      return `ALTER DATABASE … SET ${name}`;
    case 'user':
      return `ALTER ROLE ${identifier(role)} SET ${name}`;
    case 'database user':
      return `ALTER ROLE ${identifier(role)} IN DATABASE … SET ${name}`;
    case 'global':
      return `ALTER ROLE ALL SET ${name}`;
    case 'configuration file':
      return file ?? 'a configuration file or ALTER SYSTEM';
    default:
      return source ?? 'of unknown source';
  }
}

/** For this role and database alone, which wins over every other source: applications of other roles keep what they have. */
function complete(
  statement: string,
  { role: { role }, actsAsBy }: RoleSession,
  { database }: SessionWork,
): string {
  const [whom, where] = [identifier(role), identifier(database)];
  if (statement !== 'RESET role') return `ALTER ROLE ${whom} IN DATABASE ${where} ${statement};`;
  switch (actsAsBy) {
    case 'database':
      return `ALTER DATABASE ${where} ${statement};`;
    case 'database user':
      return `ALTER ROLE ${whom} IN DATABASE ${where} ${statement};`;
    case 'global':
      return `ALTER ROLE ALL ${statement};`;
    default:
      return `ALTER ROLE ${whom} ${statement};`;
  }
}
