/** A machine that is yet to be started has no address; Citus's planner wants one. */
const pretendedHost = 'citus-scaler-planned-worker';
/** The address that Citus's planner gets for a node: a pretended one for `new worker 1`, else its own. */
export function pretendedAddress(node: string): string {
  const [, number] = /^new worker (\d+)$/.exec(node) ?? [];
  return number === undefined ? node : `${pretendedHost}:${number}`;
}
/** The node behind an address of the plan: the reverse of {@link pretendedAddress}. */
export function placeholderOf(address: string): string {
  return address.startsWith(`${pretendedHost}:`)
    ? `new worker ${address.slice(pretendedHost.length + 1)}`
    : address;
}
