import { awayCodes } from '../../citus/session/connect.js';

/**
 * SQLSTATEs that pass by themselves: a server that starts or stops (57P01–57P03), too many connections (53300) or
 * slots and senders (53400), serialisation (40001), deadlock (40P01), lock time-out (55P03), an object in use
 * (55006), a statement that took too long while a node hung (57014).
 */
const passingStates = /^(57P0[123]|53300|53400|40001|40P01|55P03|55006|57014)$/;

/**
 * The texts of Citus, with SQLSTATE XX000 or another unspecific one, for things that pass: a node that is gone for
 * now, metadata that is being synced, a move of the same shard that still holds its lock, the leftover of a crashed
 * move that the next call after some seconds removes. Measured, docs/citus.md. Of a node that dies in the middle of a
 * move, Citus says one of many things: which one depends on what it was about to do with that node.
 */
const passingTexts = [
  /failure on connection marked as essential/,
  /server closed the connection unexpectedly/,
  /connection to the remote node .* failed/,
  /could not connect to/i,
  /connection (not open|pointer is NULL)|no connection to the server/,
  /SSL (SYSCALL error|connection has been closed)|SSL error: unexpected eof/,
  /Connection terminated/,
  /connection timeout|timeout expired/i,
  /connection establishment for node .* failed/,
  /could not establish any connections? to/,
  /cannot recover from multiple connection failures/,
  /failed to connect to/,
  /Failed to COPY to (destination )?shard/,
  /logical replication waiting timeout/,
  /Could not fetch disk stats for node/,
  /could not acquire the lock required to move/,
  /orphaned shard .* could not be cleaned up/,
  /is a metadata node, but is out of sync/,
  /replication slots are in use/,
  /requested standby connections exceeds/,
  /could not receive data from|could not send data to/,
  /cannot get the size because of a connection error/,
  /the database system is (starting up|shutting down|in recovery mode)/,
  // Citus repeats what libpq said last about a lost connection, and that may be nothing.
  /^\s*$/,
];

/** Whether a SQLSTATE, or Node's word for trouble with a connection, is of what passes. */
export function isPassingCode(code: string | undefined): boolean {
  return code !== undefined && (passingStates.test(code) || awayCodes.has(code));
}

/** Whether an error says no more than that a connection failed, or that something of Citus is not ready yet. */
export function isVague({ code, message }: { code?: string; message: string }): boolean {
  return code?.startsWith('08') === true || passingTexts.some((text) => text.test(message));
}
