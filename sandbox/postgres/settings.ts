import type { Flavour } from '../flavour.js';

/** The facts that a server's settings are made from. */
export interface ServerSettings {
  flavour: Flavour;
  port: number;
  /** Stand-in: folder that holds `extension/citus.control`. */
  extensionFolder?: string;
  /** Stand-in: seconds that a move lasts at least. */
  moveSeconds?: number;
  /** Wins over everything else. */
  extra: Record<string, string>;
}

/** Text of a server's `postgresql.conf`. */
export function settingsText(settings: ServerSettings): string {
  const all = { ...common, port: String(settings.port), ...ofFlavour(settings), ...settings.extra };
  return Object.entries(all)
    .map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    .join('');
}

/** A throw-away server on a small machine that still has room for logical moves of 32 shards and two-phase commits. */
const common: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // In files of the data folder, so that nothing stays in /dev/shm after a kill.
  dynamic_shared_memory_type: 'mmap',
  shared_buffers: '32MB',
  max_connections: '200',
  max_locks_per_transaction: '256',
  max_worker_processes: '32',
  max_logical_replication_workers: '24',
  max_sync_workers_per_subscription: '4',
  max_replication_slots: '32',
  max_wal_senders: '32',
  max_prepared_transactions: '200',
  wal_level: 'logical',
  fsync: 'off',
  full_page_writes: 'off',
  max_wal_size: '1GB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  password_encryption: 'scram-sha-256',
};

function ofFlavour({ flavour, extensionFolder, moveSeconds }: ServerSettings): Record<string, string> {
  if (flavour === 'citus') {
    return {
      shared_preload_libraries: 'citus',
      // Creating the extension turns TLS on with a certificate of its own making; nobody needs it here.
      'citus.node_conninfo': 'sslmode=prefer',
      // `localhost` may mean ::1, where nobody listens.
      'citus.local_hostname': '127.0.0.1',
      'citus.enable_statistics_collection': 'off',
    };
  }
  return {
    extension_control_path: `${extensionFolder ?? ''}:$system`,
    'stand_in.move_seconds': String(moveSeconds ?? 0),
    'citus.background_task_queue_interval': '5s',
    'citus.max_background_task_executors': '1',
    'citus.max_background_task_executors_per_node': '1',
  };
}
