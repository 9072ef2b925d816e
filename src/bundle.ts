import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type WorkflowBundleOption,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';

const built = fileURLToPath(new URL('./workflow-bundle.js', import.meta.url));

/**
 * The workflows, as the build of the package has bundled them. From sources they are bundled now, which takes seconds
 * and, for as long as the worker lives, 200 MB for the compiler.
 */
export async function workflowBundle(): Promise<WorkflowBundleOption> {
  return existsSync(built) ? { codePath: built } : bundleWorkflows();
}

/** Bundles the workflows for the worker. */
export function bundleWorkflows(): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(`./workflows/index${extname(import.meta.url)}`, import.meta.url)),
    logger: new DefaultLogger('WARN'),
    webpackConfigHook: (config) => ({
      ...config,
      // Without the sources themselves in the map: it would be larger than the code.
      devtool: 'inline-nosources-cheap-module-source-map',
      // Modules go by the path under which they are found here, not by where a link leads.
      resolve: { ...config.resolve, symlinks: false },
    }),
  });
}
