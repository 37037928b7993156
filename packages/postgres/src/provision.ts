import pg from 'pg';

export type ProvisionOptions = {
  /** A role that may create databases and roles. */
  adminUrl: string;
  database: string;
  /** Owns the database and its tables; used by migrations alone. */
  ownerRole: string;
  ownerPassword: string;
  /** Reads and writes rows; owns nothing, creates nothing. */
  serviceRole: string;
  servicePassword: string;
};

const CONNECT_TIMEOUT_MS = 10_000;
const { escapeIdentifier: id, escapeLiteral: literal } = pg;

/**
 * Makes one service's database and its two roles, and sets the passwords; may be repeated. Only these two roles can
 * connect to it. Needs no superuser, works on PostgreSQL 15 to 18.
 */
export async function provisionDatabase(options: ProvisionOptions): Promise<void> {
  await withAdmin(options.adminUrl, async (admin) => {
    // Roles belong to the whole server, so concurrent provisioning of any service takes turns.
    await admin.query("select pg_advisory_lock(hashtextextended('suanli.provision', 0))");
    await ensureRole(admin, options.ownerRole, options.ownerPassword);
    await ensureRole(admin, options.serviceRole, options.servicePassword);
    await ensureDatabase(admin, options);
    await withAdmin(withDatabase(options.adminUrl, options.database), (client) => grantInside(client, options));
  });
}

/** The same server and role, another database. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.toString();
}

async function withAdmin(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined); // The statement in flight rejects with the same error.
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function ensureRole(admin: pg.Client, role: string, password: string): Promise<void> {
  const found = await admin.query('select 1 from pg_roles where rolname = $1', [role]);
  // Changing the attributes of a role that exists takes a superuser, its password does not.
  const verb = found.rowCount === 0 ? 'create' : 'alter';
  const attributes = verb === 'create' ? 'login nosuperuser nocreatedb nocreaterole' : 'login';
  await admin.query(`${verb} role ${id(role)} ${attributes} password ${literal(password)}`);
}

async function ensureDatabase(admin: pg.Client, options: ProvisionOptions): Promise<void> {
  const { database, ownerRole, serviceRole } = options;
  // An admin that is no superuser must be a member of the owner role to hand a database or a schema to it.
  const self = await admin.query<{ rolsuper: boolean }>('select rolsuper from pg_roles where rolname = current_user');
  if (self.rows[0]?.rolsuper !== true) await admin.query(`grant ${id(ownerRole)} to current_user`);
  const found = await admin.query('select 1 from pg_database where datname = $1', [database]);
  if (found.rowCount === 0) await admin.query(`create database ${id(database)} owner ${id(ownerRole)}`);
  await admin.query(`alter database ${id(database)} owner to ${id(ownerRole)}`);
  await admin.query(`revoke all on database ${id(database)} from public`);
  await admin.query(`grant connect on database ${id(database)} to ${id(serviceRole)}`);
}

async function grantInside(client: pg.Client, options: ProvisionOptions): Promise<void> {
  const owner = id(options.ownerRole);
  const service = id(options.serviceRole);
  const byDefault = `alter default privileges for role ${owner}`;
  await client.query(`alter schema public owner to ${owner}`);
  await client.query('revoke all on schema public from public');
  await client.query(`grant usage on schema public to ${service}`);
  await client.query(`${byDefault} in schema public grant select, insert, update, delete on tables to ${service}`);
  await client.query(`${byDefault} in schema public grant usage, select on sequences to ${service}`);
  // Outside public (the record of migrations) the service reads only.
  await client.query(`${byDefault} grant usage on schemas to ${service}`);
  await client.query(`${byDefault} grant select on tables to ${service}`);
}
