import type { Db } from './db.js';

/** A session of ours at the coordinator. */
export interface OwnSession {
  pid: number;
  applicationName: string;
  /** `active`, `idle`, `idle in transaction`, … */
  state: string;
  /** Seconds since the state changed. */
  seconds: number;
  /** The thing that it waits for, in PostgreSQL's words: `Lock: transactionid`; null when it works. */
  waits: string | null;
}

/** Which sessions are meant, by the beginnings of their `application_name`. */
export interface SessionFilter {
  prefixes: string[];
}

/** Sessions of ours that are at work, or whose client may still be there. */
export async function readOwnSessions(db: Db, { prefixes }: SessionFilter): Promise<OwnSession[]> {
  return db.query<OwnSession>(
    `select pid, application_name as "applicationName", case when state is null or state = 'disabled' then 'active' else state end as state,
            extract(epoch from clock_timestamp() - coalesce(state_change, backend_start))::float8 as seconds,
            case when state = 'active' and wait_event_type in ('Lock', 'IPC') then wait_event_type || ': ' || wait_event end as waits
       from pg_stat_activity
      where exists (select from unnest($1::text[]) p(prefix) where starts_with(application_name, prefix))
        and pid <> pg_backend_pid() and backend_type = 'client backend'
      order by pid`,
    [prefixes],
  );
}

/**
 * Ends the statement of a session, as Ctrl-C does in psql. One statement finds it and ends it, for a process id may be
 * another's by the time of a second.
 */
export async function cancelStatement(
  db: Db,
  { pid, applicationName }: Pick<OwnSession, 'pid' | 'applicationName'>,
): Promise<void> {
  await db.query(
    `select pg_cancel_backend(pid) from pg_stat_activity where pid = $1::int and application_name = $2 and state = 'active'`,
    [pid, applicationName],
  );
}

/** Ends a session that has been idle for so many seconds: its client is gone without a word. */
export async function endIdleSession(
  db: Db,
  { pid, applicationName }: Pick<OwnSession, 'pid' | 'applicationName'>,
  seconds: number,
): Promise<void> {
  await db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where pid = $1::int and application_name = $2 and state like 'idle%'
        and state_change < clock_timestamp() - make_interval(secs => $3)`,
    [pid, applicationName, seconds],
  );
}
