import { z } from 'zod';

/**
 * What the parts of the config's schema are made of. Every object is strict: what this version does not know is
 * refused, with the list of what is allowed, because a misspelt `approval` that is ignored would start moves nobody
 * approved.
 */
export function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `allowed here: ${Object.keys(shape).join(', ')}` : undefined,
  });
}

export const text = (what: string) => z.string().min(1, `must be ${what}`);

/** Cross-field rules run even when other fields are wrong, so that all problems show at once. */
export const always = {
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null,
};
