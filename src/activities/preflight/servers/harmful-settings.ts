import type { RolePart } from '../../../citus/roles/move-roles.js';

/** A setting that makes what nodes do for each other fail. */
export interface HarmfulSetting {
  name: string;
  /**
   * `limit`: harmful when it is shorter than what it ends; `room`: when it may be less than what is written; `switch`: when
   * it is on.
   */
  kind: 'limit' | 'room' | 'switch';
  /** What it ends: by it the time is known that it takes. */
  ends?: 'copy' | 'wait';
  /** Whose sessions it harms so that moves fail. */
  of: readonly RolePart[];
  /** Whose sessions it may harm in rare cases: a warning. */
  rarelyOf?: readonly RolePart[];
  /** What it does, in words. */
  harm: string;
  /** The value that does no harm. */
  good: string;
}

const everybody: readonly RolePart[] = ['acting', 'extension owner', 'table owner'];

/**
 * The settings that were tried and make moves fail, by the role that has them. No harm was found in
 * `session_replication_role`, `row_security`, `search_path`, `client_connection_check_interval`, `tcp_user_timeout`,
 * `default_transaction_isolation`, `default_table_access_method`, `standard_conforming_strings` and others:
 * docs/citus.md.
 */
export const harmfulSettings: readonly HarmfulSetting[] = [
  {
    name: 'statement_timeout',
    kind: 'limit',
    ends: 'copy',
    of: everybody,
    harm: 'a copy or an index build that takes longer is ended, and begun again from its start',
    good: '0',
  },
  {
    name: 'transaction_timeout',
    kind: 'limit',
    ends: 'copy',
    of: everybody,
    harm: 'a copy or an index build that takes longer is ended, and begun again from its start',
    good: '0',
  },
  {
    name: 'idle_session_timeout',
    kind: 'limit',
    ends: 'copy',
    of: ['acting', 'extension owner'],
    harm: 'a session that waits for a longer copy is ended, and the move with it',
    good: '0',
  },
  {
    name: 'lock_timeout',
    kind: 'limit',
    ends: 'wait',
    of: ['extension owner'],
    rarelyOf: ['acting', 'table owner'],
    harm: 'a move that waits longer for a transaction that writes fails',
    good: '0',
  },
  {
    name: 'temp_file_limit',
    kind: 'room',
    of: everybody,
    harm: 'an index build that sorts more than that is ended, and the move with it',
    good: '-1',
  },
  {
    name: 'default_transaction_read_only',
    kind: 'switch',
    of: everybody,
    harm: 'nothing can be made there',
    good: 'off',
  },
];

/** Their names. */
export const harmfulNames = harmfulSettings.map(({ name }) => name);
