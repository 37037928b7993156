import pg from 'pg';

/** Runs `work` on a connection of the test server's superuser. */
export async function asAdmin<T>(adminUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: 'test-kit' });
  client.on('error', () => undefined); // The statement in flight rejects with the same error.
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A number that no other test of this run gets for the same kind of thing. */
export async function nextNumber(adminUrl: string, of: 'test_databases' | 'test_buses'): Promise<number> {
  return asAdmin(adminUrl, async (client) => {
    const result = await client.query<{ n: string }>('select nextval($1)::text as n', [of]);
    return Number(result.rows[0]?.n);
  });
}
