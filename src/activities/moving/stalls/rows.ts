import { does } from '../../../contract/index.js';
import type { Scene, Stall } from './stall.js';

/** A copy holds each row against the constraints, also those that were there before a constraint that is NOT VALID. */
const violationPattern =
  /^(?:new row for relation "(.+)" violates check constraint "(.+)"|value for domain (.+) violates check constraint "(.+)"|null value in column "(.+)" of relation "(.+)" violates not-null constraint)/;

/** Rows that a constraint doesn't let in; undefined when the message says nothing of the kind. */
export function rowsViolate(message: string, failure: string, { what }: Scene): Stall | undefined {
  const [found, shard, check, domain, domainCheck, column, nullShard] = violationPattern.exec(message) ?? [];
  if (found === undefined) return undefined;
  const violated =
    check !== undefined
      ? `rows of ${shard ?? ''} violate its check constraint ${check}`
      : domainCheck !== undefined
        ? `values of the domain ${domain ?? ''} violate its check constraint ${domainCheck}`
        : `rows of ${nullShard ?? ''} have no ${column ?? ''}, which is NOT NULL`;
  return {
    cause: `rows-violate ${found}`,
    problem: `${violated}: they were there before it, and can't be copied`,
    evidence: [failure, what],
    remedies: [
      does('retry', 'put these rows right, or drop the constraint, then retry'),
      does('cancel', 'or cancel: what was moved stays where it is'),
    ],
    outlook: 'stuck',
  };
}
