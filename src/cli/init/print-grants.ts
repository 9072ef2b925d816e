import { readGrantOwners } from '../../citus/roles/owners.js';
import { grantScript, type GrantOwner, type GrantScript } from '../../citus/roles/grants.js';
import type { App } from '../app.js';
import { configFileOf } from '../config-file.js';
import { exit, type ExitCode } from '../exit-codes.js';
import { newClusterOf, type InitOptions } from './questions.js';
import { UsageError } from '../problem.js';
import { askCoordinator, withDraft } from './try-config.js';

export interface GrantOptions extends InitOptions {
  operator: string;
  observer: string;
  owner?: string[];
  readOwners?: boolean;
  grantsFor?: string;
}

const parts: Record<string, (script: GrantScript) => string> = {
  coordinator: ({ coordinator }) => coordinator,
  node: ({ everyNode }) => everyNode,
};

/** Prints the SQL that makes both roles; contacts the cluster only to read its table owners, and only when told to. */
export async function printGrants({ globals, io }: App, options: GrantOptions): Promise<ExitCode> {
  const { operator, observer, database, grantsFor } = options;
  if (database === undefined) throw new UsageError('Missing: --database.');
  refuseOddNames(operator, observer);
  const part = grantsFor === undefined ? undefined : parts[grantsFor];
  if (grantsFor !== undefined && part === undefined)
    throw new UsageError('--grants-for must be coordinator or node.');
  const owners = options.readOwners
    ? await ownersOf(configFileOf(globals), options)
    : (options.owner ?? []).map(ownerOf);
  const script = grantScript({ operator, observer, database, owners });
  if (io.json) io.document(script);
  else io.answer((part?.(script) ?? `${script.coordinator}\n\n${script.everyNode}`).trimEnd());
  return exit.ok;
}

/** An owner of whom we know the name only. */
function ownerOf(role: string): GrantOwner {
  return { role, superuser: false, lacksLogin: false, lacksCreateIn: [] };
}

async function ownersOf(file: string, options: InitOptions): Promise<GrantOwner[]> {
  const cluster = newClusterOf({ name: 'cluster', ...options });
  return withDraft(file, cluster, ({ cluster: config }) =>
    askCoordinator(config, '--owner names the owners without connecting.', readGrantOwners),
  );
}

/** They stand inside a block of the script, which a dollar could end. */
function refuseOddNames(...roles: string[]): void {
  const odd = roles.find((role) => role === '' || /[$\p{Cc}]/u.test(role));
  if (odd !== undefined) throw new UsageError(`${JSON.stringify(odd)} can't be the name of a role here.`);
}
