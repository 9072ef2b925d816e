import { plainWords } from '../contract/schema/plain-words.js';
import { clusterNameProblem, coordinatorFields } from './schema.js';

/** A field that `init` asks for a new cluster: its name, or one of its coordinator. */
export type NewClusterField = 'name' | 'host' | 'port' | 'database' | 'user' | 'passwordFile' | 'passwordEnv';

/**
 * The problem with a value for one field, in a sentence; undefined when it is right. For values that aren't in a file
 * yet.
 */
export function fieldProblem(field: NewClusterField, value: string | number): string | undefined {
  if (field === 'name') return clusterNameProblem(String(value));
  return coordinatorFields[field].safeParse(value, { error: plainWords }).error?.issues[0]?.message;
}
