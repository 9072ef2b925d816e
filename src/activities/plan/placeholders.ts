/** A machine that is yet to be started has no address; Citus's planner wants one. */
const pretendedHost = 'citus-scaler-planned-worker';
export function pretendedAddress(node: string): string {
  const [, number] = /^new worker (\d+)$/.exec(node) ?? [];
  return number === undefined ? node : `${pretendedHost}:${number}`;
}
export function placeholderOf(address: string): string {
  return address.startsWith(`${pretendedHost}:`)
    ? `new worker ${address.slice(pretendedHost.length + 1)}`
    : address;
}
