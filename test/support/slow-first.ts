import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take longer than a minute, the longest first. Vitest begins with the largest file; a small one that takes
 * minutes would then run at the end, alone.
 */
const slow = [
  'e2e/crash',
  'e2e/remove',
  'integration/cli/commands',
  'e2e/controls',
  'e2e/undo/settings',
  'e2e/undo/registration',
  'e2e/undo/moves',
  'e2e/rebalance',
  'integration/conformance/lifecycle',
  'integration/conformance/job-course',
  'e2e/closing-window',
  'e2e/undo/give-up',
  'integration/package/package',
  'integration/cli/examples',
  'e2e/drain',
  'integration/roles/grants',
  'e2e/windows',
  'e2e/undo/only-own',
  'e2e/cluster-lock',
  'integration/conformance/provisioner',
  'e2e/clean-up',
  'e2e/load',
  'e2e/foreign',
  'e2e/worker-config',
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
