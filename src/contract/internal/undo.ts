import { addressOf } from '../../text/address.js';

/**
 * One thing that an operation changes for a while, or may have to take back, with the state before. It is told to the
 * lock keeper before the effect, and taken off when it is undone or stays for good.
 */
export type UndoEntry =
  SettingEntry | NodeMarkEntry | RegistrationEntry | MetadataSyncEntry | MachineEntry | HoldEntry;
/** Kind of an undo entry. */
export type UndoKind = UndoEntry['kind'];

/** A server setting, changed with ALTER SYSTEM while data moves. */
export interface SettingEntry {
  id: string;
  kind: 'setting';
  /** `host:port` of the server, which is not always a node any more when the setting is given back. */
  node: string;
  /** System identifier of that server. */
  server: string;
  name: string;
  /** What the owner had set with ALTER SYSTEM; null when nothing. */
  before: string | null;
  /** What it is while data moves. */
  during: string;
}

/** Citus's mark `shouldhaveshards` on a node. */
export interface NodeMarkEntry {
  id: string;
  kind: 'node-mark';
  node: string;
  /** `nodeid` of its row: a failover changes the address, and another row may have that one then. Absent: not known. */
  nodeId?: number;
  before: boolean;
  during: boolean;
}

/** A worker's row in `pg_dist_node`. */
export interface RegistrationEntry {
  id: string;
  kind: 'registration';
  node: string;
  /** `absent`: there was no row; `inactive`: there was one, which is activated. */
  before: 'absent' | 'inactive';
  /** Group of the row. One that was absent gets a group that was taken for it: nobody else's row has it. */
  groupId: number;
}

/** Whether a worker gets the metadata. */
export interface MetadataSyncEntry {
  id: string;
  kind: 'metadata-sync';
  node: string;
  /** Group of its row: that of another is another worker. */
  groupId: number;
  before: boolean;
  during: boolean;
}

/** A server that a provisioner starts. */
export interface MachineEntry {
  id: string;
  kind: 'machine';
  /** Idempotency key: the same key is always the same machine. */
  key: string;
  /** How the plan calls it: `new worker 1`. */
  placeholder: string;
  /** `host:port`, once it runs. */
  node?: string;
  /** Task queue of the worker that can stop it. */
  taskQueue: string;
  /** `host:port` of the server of which it is to be a standby; absent: a server of its own. */
  standbyOf?: string;
}

/**
 * All traffic held while the clone of a server, a standby of it that is promoted meanwhile, takes its place; or becomes a
 * worker beside it, with a part of its shards.
 */
export interface HoldEntry {
  id: string;
  kind: 'hold';
  /** `host:port` of the server that the group lives at. */
  node: string;
  nodeId: number;
  /** `host:port` of its clone. Once it is promoted and nobody was switched to it, it is of no use any more. */
  clone: string;
  /** System identifier of both; whichever server has the clone's address without it is somebody else's. Null: not told. */
  server?: string | null;
  /** What was set with ALTER SYSTEM before the hold, null for nothing: of the clone, and of the coordinator. */
  before: { recovery: string | null; syncRetry: string | null };
  /** The `application_name` of the sessions that hold. */
  session: string;
  /** `host:port` of all servers but the coordinator that have such sessions. */
  servers: string[];
  /** The replication slot at the node that its clone streams from. Nobody else drops it, and it keeps all WAL from then on. */
  slot?: string;
  /** The clone becomes a worker of its own; it is registered as a clone before. Absent: it takes the place. */
  splits?: true;
}

/** An entry that could not be undone, and why. A person does it by hand. */
export interface HandedOver {
  entry: UndoEntry;
  why: string;
}

/** Id of the entry of a setting. */
export function settingId(node: string, name: string): string {
  return `setting ${name} ${node}`;
}

/** Says in a line what undoing an entry would do: `status.undo` and the lock keeper show it. */
export function describeUndo(entry: UndoEntry): string {
  switch (entry.kind) {
    case 'setting':
      return `${entry.name} on ${entry.node}: ${entry.during} → ${entry.before ?? 'not set'}`;
    case 'node-mark':
      return `shouldhaveshards of ${entry.node}: ${entry.during} → ${entry.before}`;
    case 'registration':
      return `${entry.node}: ${entry.before === 'absent' ? 'deregistered' : 'inactive'} again, if it holds no shard`;
    case 'metadata-sync':
      return `metadata sync to ${entry.node}: ${onOff(entry.during)} → ${onOff(entry.before)}`;
    case 'machine':
      return `the machine of ${entry.node ?? entry.placeholder} is stopped, if it is no node`;
    case 'hold':
      return entry.splits
        ? `traffic goes on, with all shards on ${entry.node}, and ${entry.clone} is no node, unless they are split by then; a clone that was promoted is fenced`
        : `traffic goes on, with ${entry.node} in service, unless ${entry.clone} has taken its place; a clone that was promoted is fenced`;
  }
}

/** How a person undoes an entry: SQL, or what to stop. */
export function undoByHand(entry: UndoEntry): string {
  switch (entry.kind) {
    case 'setting': {
      const alter = entry.before === null ? `RESET ${entry.name}` : `SET ${entry.name} = '${entry.before}'`;
      return `on ${entry.node}: ALTER SYSTEM ${alter}; SELECT pg_reload_conf();`;
    }
    case 'node-mark':
      return `on the coordinator: SELECT citus_set_node_property(${argumentsOf(entry.node)}, 'shouldhaveshards', ${entry.before});`;
    case 'registration': {
      const node = argumentsOf(entry.node);
      const last =
        entry.before === 'absent' ? `citus_remove_node(${node})` : `citus_disable_node(${node}, true)`;
      return `on the coordinator, if ${entry.node} holds no shard: BEGIN; SELECT stop_metadata_sync_to_node(${node}); SELECT ${last}; COMMIT;`;
    }
    case 'metadata-sync': {
      const call = `${entry.before ? 'start' : 'stop'}_metadata_sync_to_node(${argumentsOf(entry.node)})`;
      return `on the coordinator${entry.before ? `, once ${entry.node} answers` : ''}: SELECT ${call};`;
    }
    case 'machine':
      return `stop the machine ${entry.node ?? `that was started for ${entry.placeholder}`} (key ${entry.key}), unless it is a node`;
    case 'hold':
      if (entry.splits)
        return `on the coordinator: SELECT citus_remove_clone_node(${argumentsOf(entry.clone)}); if that fails since it is no clone any more, it is a worker and stays; else stop ${entry.clone} for good`;
      return `on the coordinator: SELECT nodename, nodeport FROM pg_dist_node WHERE nodeid = ${entry.nodeId}; stop for good the one of ${entry.node} and ${entry.clone} that it doesn't name`;
  }
}

function onOff(sync: boolean): string {
  return sync ? 'on' : 'off';
}

function argumentsOf(node: string): string {
  const { host, port } = addressOf(node);
  return `'${host}', ${port}`;
}
