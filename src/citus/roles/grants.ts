import { identifier, literal } from '../session/quote.js';
import { createWrappers, wrapperNames, wrapperSchema, wrapperSignatures } from './wrappers.js';

/** A role that owns distributed tables. */
export interface GrantOwner {
  role: string;
  /** Membership in it would make the operator a superuser. */
  superuser: boolean;
  /** Whether it isn't allowed to log in yet. */
  lacksLogin: boolean;
  /** Schemas of its tables in which it may not create. */
  lacksCreateIn: string[];
}

/** The roles and owners that grants are written for. */
export interface GrantWishes {
  operator: string;
  observer: string;
  database: string;
  owners: GrantOwner[];
}

/** The two parts of the grants, by where they run. Both may be run again at any time. */
export interface GrantScript {
  coordinator: string;
  everyNode: string;
}

/** The grants of both roles, as `citus-scaler init --print-grants` prints them. */
export function grantScript(wishes: GrantWishes): GrantScript {
  return { coordinator: onCoordinator(wishes), everyNode: onEveryNode(wishes) };
}

function onCoordinator({ operator, observer, owners }: GrantWishes): string {
  const op = identifier(operator);
  return `-- 1. ON THE COORDINATOR, as a superuser, in the database of the distributed tables.
-- Roles and memberships made here reach the workers by themselves. Give both roles a password (\\password), or a certificate.

${rolesIfMissing([operator, observer])}

-- Both see the statements of others and who has set what; neither may end the sessions of others.
GRANT pg_monitor TO ${op}, ${identifier(observer)};

${owners.length === 0 ? ownersUnknown : owners.map((owner) => grantsOfOwner(owner, op)).join('\n\n')}

-- A member has the rights only when it inherits them. From PostgreSQL 16 on each membership says so for itself.
${inherited(operator, ['pg_monitor', ...owners.flatMap((owner) => (owner.superuser ? [] : identifier(owner.role)))])}
${inherited(observer, ['pg_monitor'])}

-- Copies reference tables to new workers.
GRANT EXECUTE ON FUNCTION pg_catalog.replicate_reference_tables(citus.shard_transfer_mode) TO ${op};

-- Citus refuses these to everyone but a superuser. Whoever may call them can add any server to the cluster,
-- remove one without data, and say which workers should hold shards. They stay on the coordinator: workers have no use for them.
SET citus.enable_ddl_propagation = off;
CREATE SCHEMA IF NOT EXISTS ${wrapperSchema};
ALTER SCHEMA ${wrapperSchema} OWNER TO CURRENT_USER;
REVOKE ALL ON SCHEMA ${wrapperSchema} FROM PUBLIC;

${createWrappers}

${wrapperNames.map((each) => `REVOKE ALL ON FUNCTION ${wrapperSignatures[each]} FROM PUBLIC;`).join('\n')}
GRANT USAGE ON SCHEMA ${wrapperSchema} TO ${op};
${wrapperNames.map((each) => `GRANT EXECUTE ON FUNCTION ${wrapperSignatures[each]} TO ${op};`).join('\n')}
RESET ALL;
`;
}

/**
 * The grants for every node. Citus's propagation doesn't do: a server that isn't registered yet has to know the
 * operator too.
 */
function onEveryNode({ operator, observer, database }: GrantWishes): string {
  const op = identifier(operator);
  return `-- 2. ON EVERY NODE, the coordinator too, as a superuser, in the same database: these grants reach no other node.
-- ALSO ON EACH NEW WORKER BEFORE IT IS ADDED; give the operator its password there too.

SET citus.enable_ddl_propagation = off;

${rolesIfMissing([operator])}

GRANT CONNECT ON DATABASE ${identifier(database)} TO ${op};
-- On a new worker the observer comes with the registration.
${ifExists(observer, `GRANT CONNECT ON DATABASE ${identifier(database)} TO ${identifier(observer)}`)}

-- Moves are faster while this is lowered; without these two they work as well. PostgreSQL 15 and later.
GRANT ALTER SYSTEM ON PARAMETER wal_retrieve_retry_interval TO ${op};
GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO ${op};
RESET ALL;
`;
}

const ownersUnknown = `-- For each owner of distributed tables: GRANT "<owner>" TO the operator. Each must be allowed to log in, and to create
-- in the schemas of its tables, on every node. (--owner names them, --read-owners looks.)`;

function grantsOfOwner({ role, superuser, lacksLogin, lacksCreateIn }: GrantOwner, operator: string): string {
  if (superuser) {
    return `-- ${oneLine(identifier(role))} is a superuser: membership would make the operator one. Its tables can be moved when they belong to
-- a role that is none: ALTER TABLE ... OWNER TO ...`;
  }
  return [
    `-- Moving a table takes the rights of its owner. Members can read and write its tables.`,
    `GRANT ${identifier(role)} TO ${operator};`,
    ...(lacksLogin ? [`-- Citus logs in as the owner.`, `ALTER ROLE ${identifier(role)} LOGIN;`] : []),
    ...lacksCreateIn.map((schema) => `GRANT CREATE ON SCHEMA ${identifier(schema)} TO ${identifier(role)};`),
  ].join('\n');
}

/** A plain GRANT changes nothing of a membership that is there and isn't inherited. */
function inherited(member: string, roles: string[]): string {
  const grant = `GRANT ${roles.join(', ')} TO ${identifier(member)} WITH INHERIT TRUE`;
  return `DO ${tag}
BEGIN
  IF current_setting('server_version_num')::int >= 160000 THEN
    EXECUTE ${literal(grant)};
  ELSE
    ALTER ROLE ${identifier(member)} INHERIT;
  END IF;
END
${tag};`;
}

function rolesIfMissing(roles: string[]): string {
  const each = roles.map(
    (role) => `  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${literal(role)}) THEN
    CREATE ROLE ${identifier(role)} LOGIN;
  END IF;`,
  );
  return `DO ${tag}
BEGIN
${each.join('\n')}
END
${tag};`;
}

function ifExists(role: string, statement: string): string {
  return `DO ${tag}
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${literal(role)}) THEN
    ${statement};
  END IF;
END
${tag};`;
}

const tag = '$grants$';

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
