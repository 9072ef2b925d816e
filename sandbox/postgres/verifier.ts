import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

const iterations = 64;

/**
 * What PostgreSQL keeps of a password: a SCRAM verifier, to put in the place of the password in `ALTER ROLE`. It has
 * few iterations. Every connection between nodes would spend most of its time on the 4096 that are usual, and
 * `scram_iterations` is a setting from PostgreSQL 16 on only.
 */
export function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const server = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${server}`;
}
