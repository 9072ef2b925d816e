// The last step of npm run build: bundles the workflows, so that a worker needn't when it starts, and makes the command
// one that can be run, also where npm linked it before.
import { chmodSync, writeFileSync } from 'node:fs';

const built = new URL('../dist/src/', import.meta.url);
const { bundleWorkflows } = await import(new URL('bundle.js', built).href);
const { code } = await bundleWorkflows();
writeFileSync(new URL('workflow-bundle.js', built), withRelativeSources(code));
chmodSync(new URL('cli/main.js', built), 0o755);

/** The map that the worker wants at the end of the code names the folders of this machine. @param {string} text */
function withRelativeSources(text) {
  const mark = ';base64,';
  const cut = text.lastIndexOf(mark) + mark.length;
  /** @type {{ sources: string[] }} */
  const map = JSON.parse(Buffer.from(text.slice(cut), 'base64').toString());
  const sources = map.sources.map((source) => source.replace(/^.*?(?=(node_modules|dist)\/)/, ''));
  return text.slice(0, cut) + Buffer.from(JSON.stringify({ ...map, sources })).toString('base64');
}
