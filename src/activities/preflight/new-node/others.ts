import type { Likeness } from '../../../citus/new-server/likeness.js';
import type { Needs } from '../../../citus/new-server/needs.js';

/** The other nodes, which a new server is compared with. */
export interface Others {
  database: string;
  /** The coordinator first, where it is registered. */
  nodes: Likeness[];
  needs: Needs;
  /** Whether Citus brings what ALTER DATABASE … SET says, as it does since 13.1. */
  bringsDatabaseSettings: boolean;
}

/** A thing that a new server lacks or has otherwise, and what mends it there. */
export interface Lack {
  evidence: string;
  /** A statement, or a line of a file. */
  remedy: string;
}
