import pg from 'pg';

/** How to log in to a server. */
export interface Login {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
}

/** Runs work on one connection of its own. */
export async function withClient<T>(login: Login, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...login, connectionTimeoutMillis: 10_000, application_name: 'sandbox' });
  // A server that dies under an idle connection emits an error that would otherwise end this process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Runs one statement on a connection of its own. */
export async function query<Row extends pg.QueryResultRow>(
  login: Login,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return withClient(login, async (client) => (await client.query<Row>(text, values)).rows);
}

/** SQLSTATE of an error that a server answered. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}
