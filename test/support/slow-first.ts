import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take longer than a minute, the longest first. Vitest begins with the largest file; a small one that takes
 * minutes would then run at the end, alone.
 */
const slow = [
  'e2e/remove',
  'e2e/crash',
  'integration/cli/commands',
  'e2e/controls',
  'e2e/undo/settings',
  'e2e/emergency-remove',
  'integration/package/package',
  'e2e/undo/registration',
  'integration/conformance/job-course',
  'integration/cli/examples',
  'e2e/undo/moves',
  'e2e/undo/give-up',
  'e2e/windows',
  'e2e/load',
  'e2e/replace',
  'e2e/stalls',
  'e2e/foreign',
  'e2e/dead-worker-kinds',
  'e2e/undo/only-own',
  'e2e/closing-window',
  'e2e/lock-keeper',
  'e2e/clean-up',
  'e2e/operator',
  'e2e/rebalance',
  'integration/conformance/lifecycle',
  'integration/preflight/new-node',
  'e2e/cluster-lock',
  'integration/roles/grants',
  'integration/cli/real',
  'e2e/refusals/configs',
  'e2e/isolate',
  'e2e/undo/marks',
  'integration/conformance/mid-move',
  'e2e/approved',
  'e2e/drain',
  'e2e/refusals/commands',
  'integration/stalls/stalls',
  'e2e/refusals/servers',
  'integration/conformance/moves',
  'integration/leftovers/prepared',
  'e2e/take-over',
  'e2e/pause',
];

/** Runs the tests that take longest first. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = slow.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return found === -1 ? slow.length : found;
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
