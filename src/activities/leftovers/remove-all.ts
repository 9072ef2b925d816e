import { runOnNodes } from '../../citus/nodes/node-settings.js';
import type { Db } from '../../citus/session/db.js';
import type { Refusal } from '../../citus/leftovers/removal.js';
import { does } from '../../contract/index.js';
import { needsPerson, passing } from '../../failures.js';
import { isPassingError } from '../runtime/classify.js';
import { keyOf, type Finding, type Item } from './finding.js';

interface Remainder {
  finding: Finding;
  why: string;
}

/** The means of a clean-up: its look at the cluster, and its leave to change something. */
export interface RemovalMeans {
  /** Looks at the cluster as it is now. */
  find: () => Promise<Finding[]>;
  /** Asked before each change; throws when nothing may be changed any more. */
  mayAct: () => Promise<void>;
}

/**
 * Removes what is covered, in rounds for as long as one removes something: a table that another refers to goes after
 * it. What a node that is away holds is told; what fails otherwise is tried again, or is for a person.
 */
export async function removeAll(db: Db, items: Item[], means: RemovalMeans): Promise<{ notes: string[] }> {
  const keys = new Set(items.map(keyOf));
  const notes = new Set<string>();
  for (let before = Infinity; ;) {
    const findings = (await means.find()).filter(isRemovable).filter((finding) => keys.has(keyOf(finding)));
    const remainders: Remainder[] = [];
    for (const finding of findings) {
      await means.mayAct();
      const refusal = await removeUnlessProof(db, finding, remainders);
      if (!refusal) continue;
      if (refusal.obsolete) notes.add(`left alone: ${nameOf(finding)}: ${refusal.why}`);
      else remainders.push({ finding, why: refusal.why });
    }
    if (remainders.length === 0) return { notes: [...notes] };
    const progress = remainders.length < findings.length && findings.length < before;
    before = findings.length;
    if (progress) continue;
    await throwUnlessAway(db, remainders);
    return { notes: [...notes] };
  }
}

type Removable = Finding & Required<Pick<Finding, 'remove'>>;

/** Whether it may be removed. A thing that has become doubtful since the plan stays; the verification tells it. */
function isRemovable(finding: Finding): finding is Removable {
  return finding.remove !== undefined;
}

/** Removes a leftover, unless it proves that another one is a leftover: then it stays as long as that one. */
async function removeUnlessProof(db: Db, finding: Removable, remainders: Remainder[]): Promise<Refusal> {
  const dependent = remainders.find(({ finding: { proof } }) => proof === keyOf(finding));
  return dependent
    ? { obsolete: false, why: `it proves that ${nameOf(dependent.finding)} is a leftover` }
    : finding.remove(db);
}

/** A node that is away may stay so: an operation that only tidies up doesn't wait for it. */
async function throwUnlessAway(db: Db, remainders: Remainder[]): Promise<void> {
  const nodes = [...new Set(remainders.map(({ finding: { node } }) => node))];
  const answers = await runOnNodes(
    db,
    nodes.map((node) => ({ node, command: 'select 1' })),
  );
  const away = new Set(answers.filter(({ success }) => !success).map(({ node }) => node));
  const reachable = remainders.filter(({ finding: { node } }) => !away.has(node));
  const [first] = reachable;
  if (!first) return;
  const passes = reachable.every(({ why }) => /lock timeout/.test(why) || isPassingError(new Error(why)));
  throw (passes ? passing : needsPerson)(
    `${nameOf(first.finding)} can't be removed${passes ? ' yet' : ''}: ${first.why}`,
    {
      evidence: reachable.slice(0, 20).map(({ finding, why }) => `${nameOf(finding)}: ${why}`),
      remedies: [
        does('retry', 'end what holds it, or remove it by hand as the plan says, then retry'),
        does('cancel', 'or cancel: what was removed stays so'),
      ],
    },
  );
}

function nameOf({ kind, node, name }: Item): string {
  return `${kind} ${name} on ${node}`;
}
