import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { giveToServers } from '../os/server-user.js';
import { superuser } from '../postgres/template.js';
import { passwordFileOf } from './layout.js';

/** Makes the cluster's password: random, so that a test can look for it where it must not be. */
export function writePassword(folder: string): void {
  const password = randomBytes(12).toString('hex');
  const lines = ['127.0.0.1', 'localhost', '\\:\\:1'].map((host) => `${host}:*:*:${superuser}:${password}\n`);
  writeFileSync(passwordFileOf(folder), lines.join(''), { mode: 0o600 });
  giveToServers(passwordFileOf(folder));
}

/** Reads the password of a cluster. */
export function readPassword(folder: string): string {
  const password = readFileSync(passwordFileOf(folder), 'utf8').split('\n')[0]?.split(':')[4];
  if (password === undefined) throw new Error(`${passwordFileOf(folder)} holds no password`);
  return password;
}
