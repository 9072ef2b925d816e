import type { Likeness } from '../../../citus/new-server/likeness.js';
import { identifier, literal } from '../../../citus/session/quote.js';
import type { Check } from '../../../contract/index.js';
import { failed, listOf, passed } from '../check.js';
import { mostCommon } from './most-common.js';
import type { Lack, Others } from './others.js';
import { settingsThatDiffer } from './settings-that-differ.js';

/** One kind of thing that Citus doesn't bring to a server that joins. */
interface Trait {
  /** `new-node-lacks`: without it the server can't be registered, or moves to it fail. */
  id: 'new-node-lacks' | 'new-node-alike';
  lacks: (server: Likeness, others: Others) => Lack[];
}

const traits: readonly Trait[] = [
  {
    id: 'new-node-lacks',
    // Without its propagation Citus fails at the first table that is owned by or granted to such a role (measured).
    lacks: ({ roles }, { needs }) =>
      needs.bringsRoles
        ? []
        : without(needs.roles, roles.map(nameOf)).map((role) => ({
            evidence: `no role ${role}, which tables need, while citus.enable_create_role_propagation is off`,
            remedy: `CREATE ROLE ${identifier(role)} LOGIN`,
          })),
  },
  {
    id: 'new-node-lacks',
    lacks: ({ tablespaces }, { needs }) =>
      without(needs.tablespaces, tablespaces).map((name) => ({
        evidence: `no tablespace ${name}, where indexes of tables are`,
        remedy: `CREATE TABLESPACE ${identifier(name)} LOCATION '…'`,
      })),
  },
  {
    id: 'new-node-alike',
    lacks: ({ roles }, { nodes, needs }) => {
      const login = new Map(
        nodes.flatMap((each) => each.roles.map(({ name, login }) => [name, login] as const)),
      );
      const everywhere = inAll(nodes.map((each) => each.roles.map(nameOf)));
      return without(everywhere, [...roles.map(nameOf), ...needs.roles]).map((role) => ({
        evidence: `no role ${role}, which all other nodes have and Citus doesn't bring`,
        remedy: `CREATE ROLE ${identifier(role)}${login.get(role) ? ` LOGIN PASSWORD '…'` : ''}`,
      }));
    },
  },
  { id: 'new-node-alike', lacks: settingsThatDiffer },
  {
    id: 'new-node-alike',
    lacks: ({ libraries }, { nodes }) => {
      const known = nodes.flatMap((each) => (each.libraries ? [each.libraries] : []));
      return libraries === null
        ? []
        : without(inAll(known), libraries).map((library) => ({
            evidence: `${library} is not loaded, as on all other nodes`,
            remedy: `shared_preload_libraries = '${[...libraries, library].join(', ')}' in postgresql.conf, and a restart`,
          }));
    },
  },
  {
    id: 'new-node-alike',
    lacks: ({ slots }, { nodes }) => {
      const workers = nodes.length > 1 ? nodes.slice(1) : nodes;
      const plugin = new Map(
        workers.flatMap((each) => each.slots.map((slot) => [slot.name, slot.plugin] as const)),
      );
      return without(inAll(workers.map((each) => each.slots.map(nameOf))), slots.map(nameOf)).map((slot) => ({
        evidence: `no replication slot ${slot}, which all other workers have: its consumer misses what is changed there until it has one`,
        remedy: `SELECT pg_create_logical_replication_slot(${literal(slot)}, ${literal(plugin.get(slot) ?? '')}); and have the consumer read it`,
      }));
    },
  },
  {
    id: 'new-node-alike',
    lacks: ({ collations }, { nodes, needs }) =>
      (['database', ...needs.providers] as const).flatMap((which) => {
        const [there, here] = [mostCommon(nodes.map((each) => each.collations[which])), collations[which]];
        return !there || !here || there === here
          ? []
          : [
              {
                evidence: `text is compared by version ${here} of ${which === 'database' ? 'its collation' : which}, on the other nodes by ${there}: what is sorted or compared may depend on the node`,
                remedy: `install it with the release of the operating system, and of ${which === 'database' ? 'libc or ICU' : which}, that the others have`,
              },
            ];
      }),
  },
];

/**
 * Checks that a server has what the other nodes have, as far as Citus doesn't bring it.
 *
 * @param broken text search dictionaries that can't be made there
 */
export function alike(server: Likeness, others: Others, broken: { name: string; error: string }[]): Check[] {
  const { node } = server;
  const found = traits.map(({ id, lacks }) => ({ id, lacks: lacks(server, others) }));
  found.push({
    id: 'new-node-lacks',
    lacks: broken.map(({ name, error }) => ({
      evidence: `the text search dictionary ${name} can't be made: ${error}`,
      remedy: 'copy that file from another node',
    })),
  });
  const checks = found.flatMap(({ id, lacks }) =>
    lacks.length === 0
      ? []
      : [
          failed(
            id,
            `${node}: ${listOf(lacks.map(({ evidence }) => evidence))}`,
            `on ${node}: ${[...new Set(lacks.map(({ remedy }) => remedy))].slice(0, 10).join('; ')}`,
          ),
        ],
  );
  const good = [
    passed('new-node-lacks', `${node} has what the tables need and Citus doesn't bring`),
    passed('new-node-alike', `${node} has the settings, roles, libraries and slots of the other nodes`),
  ];
  return [...checks, ...good.filter(({ id }) => !checks.some((check) => check.id === id))];
}

function nameOf({ name }: { name: string }): string {
  return name;
}

function without(names: readonly string[], present: readonly string[]): string[] {
  return names.filter((name) => !present.includes(name));
}

/** Those that are in each list. */
function inAll(lists: readonly (readonly string[])[]): string[] {
  const [first = [], ...others] = lists;
  return first.filter((name) => others.every((list) => list.includes(name)));
}
