import { plainWords } from '../contract/schema/plain-words.js';
import { clusterNameProblem, coordinatorFields } from './schema.js';

/** What a new cluster is asked for: its name, and fields of its coordinator. */
export type NewClusterField = 'name' | 'host' | 'port' | 'database' | 'user' | 'passwordFile' | 'passwordEnv';

/** What is wrong with a value for one field, if anything, before there is a file that could be checked. */
export function fieldProblem(field: NewClusterField, value: string | number): string | undefined {
  if (field === 'name') return clusterNameProblem(String(value));
  return coordinatorFields[field].safeParse(value, { error: plainWords }).error?.issues[0]?.message;
}
