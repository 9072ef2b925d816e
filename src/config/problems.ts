import { isMap, isScalar, type Document, type LineCounter, type Node, type Pair } from 'yaml';
import type { z } from 'zod';

/** The config file can't be used. `problems` has all of them, a line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: string[]) {
    super(problems.join('\n'));
  }
}

type Path = readonly PropertyKey[];

/** Finds where a value stands in the file, and writes problems as `file:line:column: path: sentence`. */
export class Places {
  constructor(
    private readonly file: string,
    private readonly document: Document.Parsed,
    private readonly lines: LineCounter,
  ) {}

  problem(path: Path, sentence: string): string {
    return `${this.at(this.offsetOf(path))}: ${path.length > 0 ? `${path.join('.')}: ` : ''}${sentence}`;
  }

  at(offset: number): string {
    const { line, col } = this.lines.linePos(offset);
    return `${this.file}:${line}:${col}`;
  }

  /** Where the key stands; for something that is missing, where the object that lacks it stands. */
  private offsetOf(path: Path): number {
    for (let length = path.length; length > 0; length -= 1) {
      const parent: unknown =
        length === 1 ? this.document.contents : this.document.getIn(path.slice(0, length - 1), true);
      const key = path[length - 1];
      if (isMap(parent)) {
        const pair = parent.items.find(
          (item: Pair) => isScalar(item.key) && String(item.key.value) === String(key),
        );
        if (pair !== undefined && isScalar(pair.key)) return pair.key.range?.[0] ?? 0;
      }
      const node = this.document.getIn(path.slice(0, length), true);
      if (isPositioned(node)) return node.range?.[0] ?? 0;
    }
    return 0;
  }
}

function isPositioned(node: unknown): node is Node {
  return typeof node === 'object' && node !== null && 'range' in node;
}

/** The problems that a zod issue stands for, a line each. `value` is the whole document. */
export function linesFor(issue: z.core.$ZodIssue, value: unknown, places: Places): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      places.problem(
        [...issue.path, key],
        key === 'password'
          ? 'a password is never written into the config; use passwordFile, passwordEnv or ~/.pgpass'
          : `unknown field; ${issue.message}`,
      ),
    );
  }
  const actual = valueAt(value, issue.path);
  const suffix =
    issue.code === 'custom' || actual === undefined ? '' : `; found ${describe(actual, issue.code)}`;
  return [places.problem(issue.path, `${issue.message}${suffix}`)];
}

/** Never shows a text that may hold a secret, such as a connection string put where a mapping belongs. */
function describe(value: unknown, code: string): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value !== 'string') return JSON.stringify(value);
  if (code === 'invalid_type' || value.length > 60 || /:\/\/|@|password/i.test(value)) return 'a text';
  return JSON.stringify(value);
}

function valueAt(value: unknown, path: Path): unknown {
  let at: unknown = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = Reflect.get(at, key);
  }
  return at;
}
