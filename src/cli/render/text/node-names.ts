import { addressOf } from '../../../text/address.js';

const isIp = /^[\d.]+$|:/;

/**
 * Names without what all of them end with, for lists where they stand close together: `worker-1` of
 * `worker-1.shop.internal:5432`. Of addresses only a common port goes.
 */
export function shortNames(nodes: readonly string[]): (node: string) => string {
  const names = [...new Set(nodes)];
  const [first] = names;
  if (first === undefined || names.length < 2) return (node) => node;
  const onlyPort = names.some((node) => isIp.test(addressOf(node).host));
  // From the longest ending to the shortest, each beginning at a dot or at the port.
  const ends = [...first.matchAll(onlyPort ? /:(?=\d+$)/g : /[.:]/g)].map(({ index }) => first.slice(index));
  const end = ends.find((each) => names.every((node) => node.length > each.length && node.endsWith(each)));
  return (node) => (end !== undefined && node.endsWith(end) ? node.slice(0, -end.length) : node);
}
