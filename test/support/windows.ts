import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { Stage } from './stage.js';

/** A rule that began minutes ago and ends in so many seconds. Windows themselves begin with a minute. */
export function ruleUntil(seconds: number): { rule: object; end: number } {
  const end = Math.ceil((Date.now() + seconds * 1_000) / 1_000) * 1_000;
  const begin = new Date(Math.floor((end - 180_000) / 60_000) * 60_000);
  const schedule = `${begin.getUTCMinutes()} ${begin.getUTCHours()} * * *`;
  return { rule: { schedule, for: `${(end - begin.getTime()) / 1_000}s` }, end };
}

/** The worker reads its config once, at its start. */
export async function useWindows(stage: Stage, windows: object): Promise<void> {
  const config = parse(readFileSync(stage.configFile, 'utf8')) as { clusters: { demo: object } };
  config.clusters.demo = { ...config.clusters.demo, windows: { timezone: 'UTC', ...windows } };
  writeFileSync(stage.configFile, stringify(config));
  await stage.restartWorker();
}
