import type { Balance, WorkerLoad } from '../contract/index.js';

/**
 * The balances before and after a plan, in the form in which they travel: a line a worker instead of two objects, so
 * that the plan of a hundred workers stays below 64 KB.
 */
export interface PackedBalances {
  /** Node, state and whether it should have shards; then shards and bytes before and after, null where it isn't there. */
  workers: [
    node: string,
    state: WorkerLoad['state'],
    shouldHaveShards: boolean,
    before: Load | null,
    after: Load | null,
  ][];
  before: Totals;
  after: Totals;
}

type Load = [shards: number, bytes: number];
type Totals = Omit<Balance, 'workers'>;

export function packBalances(before: Balance, after: Balance): PackedBalances {
  const nodes = [...new Set([...before.workers, ...after.workers].map(({ node }) => node))];
  return {
    workers: nodes.flatMap((node) => {
      const [earlier, later] = [before, after].map((each) =>
        each.workers.find((worker) => worker.node === node),
      );
      const seen = later ?? earlier;
      return seen ? [[node, seen.state, seen.shouldHaveShards, loadOf(earlier), loadOf(later)]] : [];
    }),
    before: totalsOf(before),
    after: totalsOf(after),
  };
}

export function unpackBalances({ workers, before, after }: PackedBalances): {
  before: Balance;
  after: Balance;
} {
  const at = (which: 3 | 4): WorkerLoad[] =>
    workers.flatMap((packed) => {
      const [node, state, shouldHaveShards] = packed;
      const load = packed[which];
      return load ? [{ node, shards: load[0], bytes: load[1], shouldHaveShards, state }] : [];
    });
  return { before: { workers: at(3), ...before }, after: { workers: at(4), ...after } };
}

function loadOf(worker: WorkerLoad | undefined): Load | null {
  return worker ? [worker.shards, worker.bytes] : null;
}

function totalsOf({ workers: _workers, ...totals }: Balance): Totals {
  return totals;
}
