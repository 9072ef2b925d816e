import type { InputProblem } from './input-problem.js';

/** A field that an update takes besides `by`. */
interface Field {
  type: 'string' | 'boolean' | 'number';
  optional?: true;
  /** What it means; the command line says it too. */
  doc: string;
  /** What stands for its value in the help of the command; a field that is `true` or absent has none. */
  value?: string;
  /** The smallest and the largest whole number. */
  least?: number;
  most?: number;
}

/** One update: what front ends and the operation know of it. What it does stands in workflows/operation/controls.ts. */
interface UpdateFacts {
  /** The command that sends it. */
  command: string;
  /** What the list of commands and the Temporal UI say of it. */
  summary: string;
  /** What the Temporal UI says besides. */
  also?: string;
  /** Whom `by` names. */
  by: string;
  fields: Readonly<Record<string, Field>>;
  /** The command's example, after its name. */
  example: string;
  /** What the command answers; the operation's id follows. `{n}` stands for the field n. */
  done: string;
  /** Whether it ends the operation: the command waits for that. */
  ends?: true;
}

const reason = { type: 'string', doc: 'why', value: 'text' } as const satisfies Field;

/** Moves that may run at once. */
export const parallelMovesRange = { least: 1, most: 64 } as const;

/** Seconds for which a move may block writes that could also go on; 0: never. */
export const writeStallRange = { least: 0, most: 60 } as const;

/** Updates that every operation takes. */
export const updates = {
  /** Approves the plan shown, exactly that one. */
  approve: {
    command: 'approve',
    summary: 'approve the plan shown',
    by: 'who approves',
    fields: {
      planHash: {
        type: 'string',
        optional: true,
        doc: 'only if this is still the plan; may be left out only while the plan has never changed',
        value: 'hash',
      },
      backup: {
        type: 'string',
        optional: true,
        doc: 'where data is given up: the newest backup of it, which the report then names',
        value: 'text',
      },
    },
    example: 'shop --plan-hash 3f9c2a',
    done: 'Approved',
  },
  /** Rejects the plan shown, which ends the operation as `PlanRejected`. */
  reject: {
    command: 'reject',
    summary: 'reject the plan shown, which ends the operation',
    by: 'who rejects',
    fields: { reason },
    example: 'shop --reason "not before the sale is over"',
    done: 'Rejected',
    ends: true,
  },
  /**
   * Begins nothing new until `resume`: no further move, no copy of reference tables, no removal of a worker, no step of
   * a clean-up. What runs is finished, or, with `now`, moves and the copy are stopped. Checks, plan and approval go on.
   */
  pause: {
    command: 'pause',
    summary: 'begin nothing new until resume',
    also: 'what moves data or can’t be undone waits; now: true stops the running moves too',
    by: 'who pauses',
    fields: {
      reason: { ...reason, optional: true },
      now: {
        type: 'boolean',
        optional: true,
        doc: 'stop the running moves too; they start again from their beginning on resume',
      },
    },
    example: 'shop --reason "month-end closing"',
    done: 'Paused',
  },
  /** Goes on after a pause. */
  resume: {
    command: 'resume',
    summary: 'go on after a pause',
    by: 'who resumes',
    fields: {},
    example: 'shop',
    done: 'Resumed',
  },
  /**
   * Tries again what needs attention: what waits for it goes on, and a move that tells of trouble while it runs is stopped and
   * begun anew. Refused while nothing would come of it, since all that needs attention goes on by itself.
   */
  retry: {
    command: 'retry',
    summary: 'try again what needs attention',
    by: 'who retries',
    fields: {},
    example: 'shop',
    done: 'Retried',
  },
  /**
   * Stops trying. The operation ends within half a minute, and its report names what could not be undone in that time. It
   * ends as `GivenUp`, or, past a point of no return, as `RecoveryRequired`, which says how the cluster was left.
   */
  giveUp: {
    command: 'give-up',
    summary: 'stop trying what needs attention',
    also: 'what can be reached is still undone, the rest is left to you, and the operation ends as failed',
    by: 'who gives up',
    fields: { reason },
    example: 'shop --reason "db3 will not come back"',
    done: 'Given up on',
    ends: true,
  },
  /** Moves outside the maintenance windows too, from now on. Refused when the cluster has none, and by a clean-up. */
  ignoreWindow: {
    command: 'ignore-window',
    summary: 'move outside the maintenance windows too',
    by: 'who decides it',
    fields: { reason },
    example: 'shop --reason "the disk is nearly full"',
    done: 'The maintenance windows are ignored by',
  },
  /**
   * Changes how many moves run at once, from now on; those that run finish. It can be sent at any time, before the
   * first move too. Refused by a clean-up, which makes no moves. With a governor in the config this is its ceiling.
   */
  setParallelMoves: {
    command: 'parallel-moves',
    summary: 'change how many moves run at once',
    by: 'who changes it',
    fields: {
      n: {
        type: 'number',
        doc: `moves at once, ${parallelMovesRange.least} to ${parallelMovesRange.most}`,
        value: 'n',
        ...parallelMovesRange,
      },
    },
    example: 'shop 8',
    done: 'Parallel moves set to {n} for',
  },
} as const satisfies Record<string, UpdateFacts>;

/** Name of an update. */
export type UpdateName = keyof typeof updates;

/** All names, in the order of the table. */
export const updateNames = Object.keys(updates) as UpdateName[];

interface ValueTypes {
  string: string;
  boolean: boolean;
  number: number;
}
type Required<Fields> = {
  [Name in keyof Fields as Fields[Name] extends { optional: true } ? never : Name]: Value<Fields[Name]>;
};
type Optional<Fields> = {
  [Name in keyof Fields as Fields[Name] extends { optional: true } ? Name : never]?: Value<Fields[Name]>;
};
type Value<Each> = Each extends { type: infer Type extends keyof ValueTypes } ? ValueTypes[Type] : never;

/** The argument of each update; `by` names the person or program that asks. */
export type UpdateArgs = {
  [Name in UpdateName]: { by: string } & Required<(typeof updates)[Name]['fields']> &
    Optional<(typeof updates)[Name]['fields']>;
};

/** The row of an update. */
export function updateFacts(name: UpdateName): UpdateFacts {
  return updates[name];
}

/** The Temporal UI's line on an update: `Reject the plan shown, which ends the operation: {by, reason}`. */
export function describeUpdate(name: UpdateName): string {
  const { summary, also, fields } = updateFacts(name);
  const takes = [
    'by',
    ...Object.entries(fields).map(([field, { optional }]) => `${field}${optional ? '?' : ''}`),
  ];
  const sentence = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}${also === undefined ? '' : `; ${also}`}`;
  return `${sentence}: {${takes.join(', ')}}`;
}

/** The problem with an update's argument, or undefined. A misspelt field would be lost, and with it what it was to guard. */
export function argumentProblem(name: UpdateName, argument: unknown): InputProblem | undefined {
  const fields: Record<string, Field> = { by: reason, ...updateFacts(name).fields };
  const names = Object.keys(fields).join(', ');
  if (typeof argument !== 'object' || argument === null || Array.isArray(argument))
    return { text: `it takes an object with ${names}` };
  const values = new Map<string, unknown>(Object.entries(argument));
  const other = [...values.keys()].find((field) => !Object.hasOwn(fields, field));
  if (other !== undefined) return { field: other, text: `unknown field; allowed: ${names}` };
  for (const [field, facts] of Object.entries(fields)) {
    const text = valueProblem(facts, values.get(field));
    if (text !== undefined) return { field, text };
  }
  return undefined;
}

function valueProblem(facts: Field, value: unknown): string | undefined {
  if (facts.optional && value === undefined) return undefined;
  switch (facts.type) {
    case 'string':
      if (typeof value !== 'string') return facts.optional ? 'must be a text' : 'required: a text';
      return facts.optional || value.trim() !== '' ? undefined : 'required: a text';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false';
    case 'number': {
      const { least = 0, most = Number.MAX_SAFE_INTEGER } = facts;
      return Number.isInteger(value) && Number(value) >= least && Number(value) <= most
        ? undefined
        : `must be a whole number from ${least} to ${most}`;
    }
  }
}
