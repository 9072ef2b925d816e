import type { ClusterConfig } from '../../config/index.js';
import { addressOf, formatAddress } from '../../text/address.js';

/** What the REST API of a member's Patroni said; `refused`: nothing listens there, which isn't so where packets are lost. */
export type ApiAnswer = { is: 'answers'; json: unknown } | { is: 'refused' } | { is: 'silent'; why: string };

/** By which field an answer is known as Patroni's. */
const saysIt = { patroni: 'patroni', cluster: 'members', config: 'loop_wait' } as const;

/** Milliseconds that it gets. */
const patienceMs = 3_000;

/** Asks the Patroni of a member, which listens on the member's host. */
export async function askApi(
  { patroni }: Pick<ClusterConfig, 'patroni'>,
  node: string,
  what: 'patroni' | 'cluster' | 'config',
): Promise<ApiAnswer> {
  const place = formatAddress({ host: addressOf(node).host, port: patroni.port });
  try {
    const answer = await fetch(`${patroni.https ? 'https' : 'http'}://${place}/${what}`, {
      signal: AbortSignal.timeout(patienceMs),
      redirect: 'error',
    });
    // A standby, or a member whose server is down, answers 503: what counts is that its Patroni lives.
    const json: unknown = await answer.json().catch(() => undefined);
    return Object(json) !== json || !(saysIt[what] in (json as object))
      ? { is: 'silent', why: 'what listens there is not Patroni' }
      : { is: 'answers', json };
  } catch (error) {
    const cause = error instanceof Error ? (error.cause as { code?: string } | undefined) : undefined;
    if (cause?.code === 'ECONNREFUSED') return { is: 'refused' };
    return { is: 'silent', why: cause?.code ?? (error instanceof Error ? error.name : 'no answer') };
  }
}

/** `host:port` of the members that a member's Patroni knows of its group. */
export function membersIn(json: unknown): string[] {
  const { members } = Object(json) as { members?: unknown };
  if (!Array.isArray(members)) return [];
  return members.flatMap((each: unknown) => {
    const { host, port } = Object(each) as { host?: unknown; port?: unknown };
    return typeof host === 'string' && typeof port === 'number'
      ? [formatAddress({ host: host.toLowerCase(), port })]
      : [];
  });
}

/** Patroni's own times in seconds, or its defaults. */
export async function readTimes(
  cluster: Pick<ClusterConfig, 'patroni'>,
  coordinator: string,
): Promise<{ loopWait: number; ttl: number }> {
  const answer = await askApi(cluster, coordinator, 'config');
  const json = Object(answer.is === 'answers' ? answer.json : {}) as { loop_wait?: unknown; ttl?: unknown };
  return {
    loopWait: typeof json.loop_wait === 'number' ? json.loop_wait : 10,
    ttl: typeof json.ttl === 'number' ? json.ttl : 30,
  };
}
