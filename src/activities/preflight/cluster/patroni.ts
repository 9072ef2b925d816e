import type { NodeCapacity } from '../../../citus/nodes/capacity.js';
import type { ServerFacts } from '../../../citus/nodes/server-facts.js';
import { does, type Advice, type Check } from '../../../contract/index.js';
import { failed, listOf, passed } from '../check.js';
import type { Intent } from '../intent.js';

/** What shows that Patroni runs servers of the cluster, the coordinator's first; none: it doesn't. */
function patroniSigns(coordinator: Pick<ServerFacts, 'patroni'>, capacities: NodeCapacity[]): string[] {
  return [
    ...(coordinator.patroni === null ? [] : [`coordinator: ${coordinator.patroni}`]),
    ...capacities.flatMap((each) =>
      'error' in each || each.capacity.patroni === null ? [] : [`${each.node}: ${each.capacity.patroni}`],
    ),
  ];
}

/**
 * Tells that Patroni runs the servers: it registers nodes and repoints them, and data may move all the same. Fails for what
 * would work against it.
 *
 * @param intent absent: nothing is done
 * @param coming servers that are no workers yet
 */
export function patroniCheck(
  coordinator: Pick<ServerFacts, 'patroni'>,
  capacities: NodeCapacity[],
  intent?: Intent,
  coming: readonly string[] = [],
): Check {
  const signs = patroniSigns(coordinator, capacities);
  if (signs.length === 0) return passed('patroni', 'no sign that Patroni manages the node rows');
  const registers = coordinator.patroni !== null;
  const against = intent && againstPatroni(intent, registers);
  if (against) return failed('patroni', `Patroni runs servers of this cluster: ${listOf(signs)}`, against);
  const dead =
    intent !== undefined && intent.rescuing.length > 0
      ? '. It replaces a dead primary that has a standby by itself; before anything else is done it has to let go of the group'
      : '';
  const waits = coming.length > 0 ? `; it is waited for until it has registered ${listOf(coming)}` : '';
  return passed(
    'patroni',
    registers
      ? `Patroni runs servers of this cluster, registers them and promotes their standbys${waits}: ${listOf(signs)}${dead}`
      : `Patroni runs workers of this cluster, not the coordinator, so that it registers no nodes: ${listOf(signs)}`,
  );
}

/** What to do instead of an operation that would work against Patroni; undefined: it goes well with it. */
function againstPatroni(
  { replacing, splitting, joining, toStart, deregisters }: Intent,
  registers: boolean,
): Advice | undefined {
  const starts = toStart(0) > 0;
  if (replacing || (deregisters && (starts || joining.length > 0)))
    return 'another machine in the place of a worker is Patroni’s: start a further member of its group, and hand over to that (patronictl switchover)';
  if (registers && (splitting || starts))
    return does(
      'scaleOut',
      'start a group of Patroni with a number of its own, and ask again with the address of its first member: Patroni registers it, and it is filled',
    );
  return undefined;
}
