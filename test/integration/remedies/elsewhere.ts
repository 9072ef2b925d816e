import type { CheckId } from '../../../src/contract/index.js';

/** Where the remedy of a check is followed, if not here: a file of test/ and the name of the test in it. */
interface Elsewhere {
  file: string;
  test: string;
}

const servers = (test: string): Elsewhere => ({ file: 'integration/preflight/servers.test.ts', test });
const newNode = (test: string): Elsewhere => ({ file: 'integration/preflight/new-node.test.ts', test });
const coordinator = (test: string): Elsewhere => ({
  file: 'integration/preflight/coordinator.test.ts',
  test,
});
const grants: Elsewhere = {
  file: 'integration/roles/grants.test.ts',
  test: 'without $what the preflight says so, and how to grant it',
};
const tables: Elsewhere = {
  file: 'integration/tables/conditions.test.ts',
  test: 'what can’t be moved at all is named before, with object, node and what mends it',
};
const replace = (test: string): Elsewhere => ({ file: 'integration/hold/refused.test.ts', test });
const mends =
  'what is set for a role, the database or a server and ends or refuses moves is named, and its remedy mends it';
const limits = 'what waits, fires or is limited on a server is named, and its remedy mends it';

/** Tests that follow remedies themselves: what they prepare is their own. */
export const elsewhere: Partial<Record<CheckId, Elsewhere>> = {
  'owner-rights': grants,
  role: grants,
  'movable-tables': tables,
  'online-moves': tables,
  'unlogged-tables': tables,
  'session-settings': servers(mends),
  'synchronous-standbys': servers(limits),
  'event-triggers': servers(limits),
  'connection-limits': servers(limits),
  'cluster-changes': servers('what a move would cost others is said before'),
  'node-ports': servers(
    'a pooler at the port of a node is found, and a port that is only mapped is no hindrance',
  ),
  'foreign-job': {
    file: 'integration/preflight/traffic.test.ts',
    test: 'a job of Citus that someone else started is named with its start, and so is its move',
  },
  'coordinator-writable': coordinator('a coordinator that takes no writes blocks'),
  'new-node-writable': newNode('a server that takes no writes is refused'),
  'new-node-extension': newNode('a server without the extension in the right database is told apart'),
  'new-node-lacks': newNode('what Citus would fail at is a blocker: roles, tablespaces, files (real Citus)'),
  'new-node-other-cluster': newNode(
    'a server of another cluster is refused, a coordinator too: Citus would take it over',
  ),
  'replaced-unlogged': replace(
    'unlogged tables, which are empty on a standby, are refused, and the remedy mends it',
  ),
  'target-disk': newNode('a target must have room for all that it will receive'),
  'coordinator-address': newNode('workers that are called localhost only fit a coordinator that is too'),
};

/** Remedies that nothing here can do: why. */
export const byPeople: Partial<Record<CheckId, string>> = {
  'replica-identity': 'blocks nobody: such tables move with their writes blocked, or are warned of',
  'node-logins':
    'a line in pg_hba.conf or a password file; that the check passes afterwards: servers.test.ts',
  'shards-without-place': 'a strategy of the user’s own refuses the nodes, and only they know why',
  patroni:
    'Patroni itself has to start a group, or hand one over; that it is waited for: integration/removal/patroni.test.ts',
  pooler: 'the config names PostgreSQL itself then; that the check passes: coordinator.test.ts',
  connections: 'a restart with another setting; what it says is tried in test/unit/activities/preflight',
  'dead-worker': 'another node is named',
  'salvage-server':
    'another server is named, or its owner sees to it; each kind is told: test/integration/rescue/returned.test.ts',
  'dead-worker-away':
    'a worker that runs is removed as one that runs; that this is what it says: test/e2e/emergency-remove.test.ts',
  'standby-lag':
    'only its owner knows when the worker died; allowed, it passes: integration/rescue/succession.test.ts',
  'patroni-failover':
    'Patroni acts, or its owner pauses it; accepted, it passes: integration/rescue/succession.test.ts',
  'known-standby': 'the standby is named; that it passes then: integration/rescue/succession.test.ts',
  'replaced-worker': 'another node is named; or the worker is dead, and leaves as one that is',
  replacement: 'another server is named; that the right one passes: test/e2e/replace.test.ts',

  'replacement-lag':
    'the standby catches up by itself; that the check passes then: integration/hold/refused.test.ts',
  'clone-version': 'Citus is updated, or the worker is added by moving shards',
  'clone-source': 'another worker is named, or its standby is an asynchronous one: hold/refused.test.ts',
  'clone-copies': 'only their owner knows what is wanted; that it passes without them: hold/refused.test.ts',
  'replaced-databases': 'what to do with another database is the owner’s',
  'replaced-fence': 'a line in pg_hba.conf, or another role in the config',
  'replaced-transactions': 'only who began them knows whether they are committed',
  'other-workers-answer': 'networks are the owner’s; otherwise it is accepted with a reason',
  versions: 'other packages on a node; the statement after them is that of supported-versions',
  'coordinator-reachable': 'the platform brings the coordinator back: test/e2e/refusals/configs.test.ts',
  'is-coordinator': 'the config names another server then',
  'coordinator-reaches-new-node': 'networks and passwords are the owner’s',
  'new-node-allowed': 'the config allows it then; new-node.test.ts with and without',
  'new-node-copy': 'another server is made with initdb',
  'new-node-extensions': 'packages are installed',
  'new-node-is-new': 'another server is named',
  'new-node-given-up':
    'rows are brought over, and the database is made anew: test/integration/rescue/returned.test.ts',
  'new-node-locale': 'the database is made anew',
  'new-node-mesh': 'networks and passwords are the owner’s',
  'new-node-reachable': 'it is started, or named rightly',
  'new-node-tables': 'the owner looks what they are; renamed or dropped, the check passes: new-node.test.ts',
  'new-node-versions': 'packages are installed',
};
