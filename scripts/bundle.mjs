// The last step of npm run build: bundles the workflows, so that a worker needn't when it starts, and makes the command
// one that can be run, also where npm linked it before.
import { chmodSync, writeFileSync } from 'node:fs';
import ts from 'typescript';

const built = new URL('../dist/src/', import.meta.url);
const { bundleWorkflows } = await import(new URL('bundle.js', built).href);
const { code } = await bundleWorkflows();
writeFileSync(
  new URL('workflow-bundle.js', built),
  withRelativeSources(withoutIndentation(withoutComments(code))),
);
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

/**
 * Leaves the lines of comments empty, a fifth of the bundle: the map still fits. Those on a line with code stay, as do
 * licences.
 * @param {string} text
 */
function withoutComments(text) {
  const source = ts.createSourceFile('bundle.js', text, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);
  /** @type {Map<number, number>} */
  const comments = new Map();
  /** @param {ts.Node} node */
  const visit = (node) => {
    for (const { pos, end } of ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [])
      comments.set(pos, end);
    ts.forEachChild(node, visit);
  };
  visit(source);
  let result = '';
  let done = 0;
  for (const [pos, end] of [...comments].sort(([a], [b]) => a - b)) {
    const comment = text.slice(pos, end);
    const isAlone =
      /(^|\n)[ \t]*$/.test(text.slice(Math.max(0, pos - 200), pos)) &&
      /^[ \t]*(\n|$)/.test(text.slice(end, end + 200));
    if (pos < done || !isAlone || /licen[cs]e|copyright|@preserve|sourceMappingURL/i.test(comment)) continue;
    result += text.slice(done, pos) + comment.replace(/[^\n]/g, '');
    done = end;
  }
  return result + text.slice(done);
}

/**
 * Begins each line with its code: a tenth of the bundle is indentation. The map, which knows lines only, still fits. What
 * lies in a text over several lines stays.
 * @param {string} text
 */
function withoutIndentation(text) {
  const source = ts.createSourceFile('bundle.js', text, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);
  /** @type {{ pos: number, end: number }[]} */
  const texts = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isTemplateLiteralToken(node) || ts.isStringLiteral(node))
      texts.push({ pos: node.getStart(source), end: node.end });
    ts.forEachChild(node, visit);
  };
  visit(source);
  let next = 0;
  return text.replace(/^[ \t]+/gm, (indentation, /** @type {number} */ at) => {
    while (next < texts.length && (texts[next]?.end ?? 0) <= at) next += 1;
    return at > (texts[next]?.pos ?? at) ? indentation : '';
  });
}
