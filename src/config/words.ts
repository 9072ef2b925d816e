import { z } from 'zod';

/**
 * An object of the config's schema. It refuses fields that this version doesn't know and lists those that are allowed:
 * a misspelt `approval` that is ignored would start moves nobody approved.
 */
export function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `allowed here: ${Object.keys(shape).join(', ')}` : undefined,
  });
}

/** A text that isn't empty; `what` says in the error what it must be. */
export const text = (what: string) => z.string().min(1, `must be ${what}`);

/** Cross-field rules run even when other fields are wrong, so that all problems show at once. */
export const always = {
  when: ({ value }: { value: unknown }) => typeof value === 'object' && value !== null,
};
