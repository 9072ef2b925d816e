import type { Balance, Check, OperationReport } from '../contract/index.js';

/** Characters of JSON; some of them take more than a byte, and a payload should stay below 64 KB. */
const checksSize = 20_000;
const reportSize = 56_000;

/** Checks, worst first, as many as fit; a last one counts the others. */
export function fitChecks(checks: Check[]): Check[] {
  let size = 0;
  const head = checks.filter((check) => (size += JSON.stringify(check).length) <= checksSize);
  return head.length === checks.length ? checks : [...head, rest(checks.length - head.length)];
}

function rest(number: number): Check {
  return {
    id: 'more-checks',
    severity: 'info',
    ok: true,
    evidence: `${number} more, none worse than those shown`,
  };
}

/** The report of an operation on a large cluster, without what is told elsewhere in it, until it fits. Says what was left out. */
export function fitReport(report: OperationReport): OperationReport {
  const omissions: string[] = [];
  let result = report;
  for (const { what, cut } of cuts) {
    if (JSON.stringify(result).length <= reportSize) break;
    result = cut(result);
    omissions.push(what);
  }
  if (omissions.length === 0) return report;
  return {
    ...result,
    notes: [...result.notes, `left out, for the report was too large: ${omissions.join(', ')}`],
  };
}

interface Cut {
  what: string;
  cut: (report: OperationReport) => OperationReport;
}

/** The parts that a report can do without, least missed first. */
const cuts: Cut[] = [
  {
    what: 'the planned balance by worker',
    cut: ({ plan, ...report }) =>
      plan
        ? { ...report, plan: { ...plan, before: totals(plan.before), after: totals(plan.after) } }
        : report,
  },
  {
    what: 'moves and removals of the plan after the tenth',
    cut: ({ plan, ...report }) =>
      plan
        ? {
            ...report,
            plan: {
              ...plan,
              moves: plan.moves.slice(0, 10),
              ...(plan.cleanups && { cleanups: plan.cleanups.slice(0, 10) }),
            },
          }
        : report,
  },
  {
    what: 'checks that passed',
    cut: (report) => ({ ...report, checks: report.checks.filter(({ ok }) => !ok) }),
  },
  { what: 'notes after the twentieth', cut: (report) => ({ ...report, notes: report.notes.slice(0, 20) }) },
  {
    what: 'the balance by worker, but for the hundred largest',
    cut: ({ before, after, ...report }) => ({
      ...report,
      ...(before && { before: largest(before) }),
      ...(after && { after: largest(after) }),
    }),
  },
];

function totals(balance: Balance): Balance {
  return { ...balance, workers: [] };
}

function largest(balance: Balance): Balance {
  const workers = balance.workers.toSorted((a, b) => b.bytes - a.bytes).slice(0, 100);
  return { ...balance, workers };
}
