import type { AlikeSetting, Likeness } from '../../../citus/new-server/likeness.js';
import { sameEverywhere } from '../../../citus/new-server/settings-alike.js';
import { identifier, literal } from '../../../citus/session/quote.js';
import { mostCommon } from './most-common.js';
import type { Lack, Others } from './others.js';

/** Settings whose value is a list of names: a literal would be one name. */
const lists = ['search_path', 'session_preload_libraries', 'local_preload_libraries'];

/** Settings that a session gets there otherwise than on most other nodes, but for what Citus brings by itself. */
export function settingsThatDiffer(server: Likeness, others: Others): Lack[] {
  const [coordinator] = others.nodes;
  return sameEverywhere.flatMap((name) => {
    const own = server.settings[name];
    const there = mostCommon(others.nodes.map(({ settings }) => settings[name]?.value));
    if (!own || there === undefined || own.value === there) return [];
    if (isBrought(coordinator?.settings[name], others)) return [];
    return [
      {
        evidence: `${name} is ${quoted(own.value)}, on the other nodes ${quoted(there)}`,
        remedy: statement(name, own, there, others.database),
      },
    ];
  });
}

/** What is set for a role, or for the database, comes along when the server is registered (measured, docs/citus.md). */
function isBrought(setting: AlikeSetting | undefined, { bringsDatabaseSettings }: Others): boolean {
  switch (setting?.source) {
    case 'user':
    case 'database user':
      return true;
    case 'database':
      return bringsDatabaseSettings;
    default:
      return false;
  }
}

function statement(name: string, { source, restart }: AlikeSetting, value: string, database: string): string {
  if (source === 'database') return `ALTER DATABASE ${identifier(database)} RESET ${name}`;
  if (source === 'user') return `ALTER ROLE CURRENT_USER RESET ${name}`;
  if (source === 'database user')
    return `ALTER ROLE CURRENT_USER IN DATABASE ${identifier(database)} RESET ${name}`;
  const set = `ALTER SYSTEM SET ${name} = ${lists.includes(name) && value !== '' ? value : literal(value)}`;
  return restart ? `${set}, and a restart` : `${set}; SELECT pg_reload_conf()`;
}

function quoted(value: string): string {
  return value === '' ? 'empty' : value;
}
