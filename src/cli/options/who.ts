import { hostname, userInfo } from 'node:os';

/** `user@host`, for "approved by" and "requested by". */
export function whoAmI(): string {
  return `${userName()}@${hostname()}`.slice(0, 200);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return process.env['USER'] ?? 'unknown'; // a container's user without an entry in /etc/passwd
  }
}
