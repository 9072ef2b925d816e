import { readLimits } from '../../../citus/nodes/limit-places.js';
import { does } from '../../../contract/index.js';
import type { Limit } from '../../runtime/cause.js';
import { nodesOf, type Diagnosis, type Stall } from './stall.js';

/** A limit that was reached. */
export interface Reached {
  limit: Limit;
  /** What the node said. */
  message: string;
  /** Where, if it was told. */
  node?: string;
  /** The node said something else, which such a limit would explain if it is set. */
  guessed?: boolean;
}

/**
 * A node has ended something after a time that is set there, or takes no writes. Looks where that is set: it is none of
 * ours, and the next attempt meets it again.
 */
export function limitReached({ limit, message, node, guessed }: Reached): Diagnosis {
  return async (db, scene) => {
    const all = await readLimits(db, node === undefined ? await nodesOf(db, scene) : [node], limit);
    const standby = limit === 'default_transaction_read_only' && all.find(({ inRecovery }) => inRecovery);
    if (standby) return standbyStall(standby.node, message, scene.what);
    const places = all.flatMap((each) => each.places);
    const [place] = places;
    if (guessed && !place) return undefined;
    const where = place?.node ?? node ?? 'one of the nodes';
    const resets = [...new Set(places.flatMap(({ reset }) => reset ?? []))];
    return {
      cause: `${limit} ${where}`,
      problem:
        limit === 'default_transaction_read_only'
          ? `${where} takes no writes (default_transaction_read_only)`
          : `${where} ends what takes ${limit === 'temp_file_limit' ? 'more room' : 'longer'} than ${limit} lets it${place ? ` (${place.value})` : ''}`,
      evidence: [
        `${node ?? 'a node'}: ${message}`,
        ...places.map(({ node: on, value, by }) => `${limit} = ${value} on ${on}: ${by}`),
        scene.what,
      ],
      remedies: [
        resets.length > 0
          ? // A worker refuses these while Citus would propagate them, and a session may itself be read-only (docs/citus.md).
            `on ${where}: SET default_transaction_read_only = off; SET citus.enable_ddl_propagation = off; ${resets.join('; ')};`
          : place
            ? `take ${limit} out of ${place.by} on ${where}, and reload it`
            : `look where ${limit} is set for the sessions that the nodes open on ${where}: for the database, for the roles, or in postgresql.conf`,
        does('cancel', 'or cancel: what can be undone is undone'),
      ],
      // That something takes less time the next time may be; that a setting goes away may not.
      outlook: limit === 'default_transaction_read_only' && place ? 'stuck' : 'anew',
    };
  };
}

/** A failover is under way, or the address leads to the wrong server. */
function standbyStall(node: string, message: string, what: string): Stall {
  return {
    cause: `standby ${node}`,
    problem: `${node} takes no writes: it is a standby now`,
    evidence: [`${node}: ${message}`, `pg_is_in_recovery() on ${node}`, what],
    remedies: [
      `promote ${node}, or lead its address to the primary: it goes on by itself`,
      does('cancel', 'or cancel'),
    ],
    outlook: 'heals',
  };
}
