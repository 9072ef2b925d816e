import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Gives a copied data folder a system identifier of its own, as if initdb had made it: two servers of one identifier
 * are a primary and its standby to everybody who compares them. The server must be stopped.
 */
export function newIdentity(dataFolder: string): void {
  const identifier = randomBytes(8);
  patchControlFile(join(dataFolder, 'global', 'pg_control'), identifier);
  const wal = join(dataFolder, 'pg_wal');
  for (const segment of readdirSync(wal).filter((name) => /^[0-9A-F]{24}$/.test(name))) {
    patchSegment(join(wal, segment), identifier);
  }
}

/** The identifier is the first field; where the checksum over all fields stands depends on the version. */
function patchControlFile(path: string, identifier: Buffer): void {
  const content = readFileSync(path);
  const at = checksumOffset(content);
  identifier.copy(content, 0);
  content.writeUInt32LE(crc32c(content.subarray(0, at)), at);
  writeFileSync(path, content);
}

function checksumOffset(content: Buffer): number {
  for (let at = 100; at < 500; at += 4) {
    if (content.readUInt32LE(at) === crc32c(content.subarray(0, at))) return at;
  }
  throw new Error('no checksum found in pg_control');
}

/** A segment's first page repeats the identifier after its 24 bytes of ordinary header; no checksum covers it. */
function patchSegment(path: string, identifier: Buffer): void {
  const file = openSync(path, 'r+');
  const magic = Buffer.alloc(2);
  readSync(file, magic, 0, 2, 0);
  // A segment that was made in advance is still all zeros.
  if (magic.readUInt16LE() !== 0) writeSync(file, identifier, 0, 8, 24);
  closeSync(file);
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (Castagnoli), as PostgreSQL uses it. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
