import { withClient, type SandboxCluster } from '../../sandbox/index.js';

/** A statement that a remedy names. */
export interface Step {
  /** `host:port`; absent: on the coordinator. */
  node?: string;
  /** Where it isn't the cluster's. */
  database?: string;
  statement: string;
}

const address = String.raw`(?:\[[\da-f:.]+\]|[\w.-]+):\d+`;
const placePattern = new RegExp(
  String.raw`\bon (?:the (?<coordinator>coordinator)|(?<nodes>${address}(?:, ${address})*))`,
  'g',
);
const beginPattern =
  /\b(?:SELECT|ALTER|SET|RESET|CREATE|GRANT|DROP|CALL|DELETE FROM|UPDATE|INSERT INTO|COMMIT PREPARED|ROLLBACK PREPARED) /;

/** Where words go on after a statement that no semicolon ends. */
const endPattern = /, (?:and|or|then) | (?:and|or) (?=[a-z])| on (?=the |[\d[])/;

/**
 * The statements of a remedy, as a person reads them: each ends with a semicolon, a dash, or what is no SQL any more, and
 * is meant for the server that was named last before it; or right after it, where none was.
 */
function stepsOf(text: string): Step[] {
  const steps: Step[] = [];
  for (const { 0: part, index } of text.matchAll(/[^;—]+/g)) {
    const begin = part.search(beginPattern);
    if (begin < 0) continue;
    const [statement = ''] = part.slice(begin).split(endPattern);
    steps.push({ statement: statement.trim(), ...placeOf(text, index + begin) });
  }
  return steps.flatMap(({ node, ...step }) =>
    node === undefined ? [step] : node.split(', ').map((each) => ({ ...step, node: each })),
  );
}

function placeOf(text: string, at: number): Omit<Step, 'statement'> {
  const places = [...text.matchAll(placePattern)];
  const place = places.findLast(({ index }) => index < at) ?? places.find(({ index }) => index > at);
  const [, database] = /in (?:the )?database (\w+)/.exec(text) ?? [];
  return {
    ...(place?.groups?.['nodes'] !== undefined && { node: place.groups['nodes'] }),
    ...(database !== undefined && { database }),
  };
}

/** Runs the statements of a remedy where it says, those of one server in one session; `only`: where it gives a choice. Answers them. */
export async function follow(
  cluster: SandboxCluster,
  text: string,
  {
    fill = (statement) => statement,
    only = /./,
  }: { fill?: (statement: string) => string; only?: RegExp } = {},
): Promise<Step[]> {
  const steps = stepsOf(text).filter(({ statement }) => only.test(statement));
  const servers = [cluster.coordinator, ...cluster.workers];
  for (const { node, database } of new Map(
    steps.map((step) => [`${step.node} ${step.database}`, step]),
  ).values()) {
    const server = node === undefined ? cluster.coordinator : servers.find((each) => each.address === node);
    if (!server) throw new Error(`no server ${node}, which the remedy names: ${text}`);
    await withClient({ ...server.login, ...(database !== undefined && { database }) }, async (client) => {
      for (const step of steps)
        if (step.node === node && step.database === database) await client.query(fill(step.statement));
    });
  }
  return steps;
}
