import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** Something declared in the source, with the comment above it. */
export interface Declared {
  name: string;
  doc: string;
}

/** A field of an interface. */
export interface DeclaredField extends Declared {
  type: string;
  optional: boolean;
}

/** An interface with its fields. */
export interface DeclaredInterface extends Declared {
  fields: DeclaredField[];
}

/** The declarations of a folder's files: interfaces with their fields, constants with their entries, functions. */
export interface Declarations {
  interfaces: Map<string, DeclaredInterface>;
  /** The entries of an array or object constant: texts or keys. */
  lists: Map<string, Declared[]>;
  functions: Map<string, Declared>;
}

/** Reads the declarations of a folder and of the folders in it. */
export function declarationsIn(folder: string): Declarations {
  const declarations: Declarations = { interfaces: new Map(), lists: new Map(), functions: new Map() };
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )) {
    const text = readFileSync(join(folder, name), 'utf8');
    const file = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
    for (const statement of file.statements) collect(statement, declarations);
  }
  return declarations;
}

function collect(statement: ts.Statement, { interfaces, lists, functions }: Declarations): void {
  if (ts.isInterfaceDeclaration(statement)) {
    const { text: name } = statement.name;
    interfaces.set(name, { name, doc: docOf(statement), fields: fieldsOf(statement) });
  } else if (ts.isFunctionDeclaration(statement) && statement.name) {
    functions.set(statement.name.text, { name: statement.name.text, doc: docOf(statement) });
  } else if (ts.isVariableStatement(statement)) {
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (initializer && ts.isIdentifier(name)) lists.set(name.text, entriesOf(initializer));
    }
  }
}

function fieldsOf({ members }: ts.InterfaceDeclaration): DeclaredField[] {
  return members.filter(ts.isPropertySignature).map((member) => ({
    name: member.name.getText(),
    type: (member.type?.getText() ?? '').replace(/\s+/g, ' '),
    optional: member.questionToken !== undefined,
    doc: docOf(member),
  }));
}

function entriesOf(value: ts.Expression): Declared[] {
  if (ts.isAsExpression(value) || ts.isSatisfiesExpression(value)) return entriesOf(value.expression);
  if (ts.isArrayLiteralExpression(value)) {
    return value.elements
      .filter(ts.isStringLiteral)
      .map((element) => ({ name: element.text, doc: docOf(element) }));
  }
  if (!ts.isObjectLiteralExpression(value)) return [];
  return value.properties
    .filter(ts.isPropertyAssignment)
    .map((property) => ({ name: nameOf(property), doc: docOf(property) }));
}

function nameOf({ name }: ts.PropertyAssignment): string {
  return ts.isStringLiteral(name) ? name.text : name.getText();
}

/** The comment directly above, without its stars, and without tags. */
function docOf(node: ts.Node): string {
  const source = node.getSourceFile().getFullText();
  const comment = (ts.getLeadingCommentRanges(source, node.getFullStart()) ?? []).at(-1);
  const raw = comment ? source.slice(comment.pos, comment.end) : '';
  if (!raw.startsWith('/**')) return '';
  const lines = raw
    .replace(/^\/\*\*|\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\*?\s?/, '').trim());
  const tag = lines.findIndex((line) => line.startsWith('@'));
  const text = (tag < 0 ? lines : lines.slice(0, tag)).join(' ').trim();
  return text.replace(/\{@link ([^}]+)\}/g, '`$1`');
}
