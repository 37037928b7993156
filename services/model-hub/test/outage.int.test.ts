import { readGrpcError } from '@suanli/grpc-kit';
import { connectPostgres } from '@suanli/postgres';
import { eventually, silentLogger } from '@suanli/test-kit';
import { expect, it } from 'vitest';
import { sha256Of } from '../src/testing/build.ts';
import { connect, startHub, startSurroundings } from './harness.ts';
import { uploadAll } from './transfer.ts';

const UNLIMITED = -1;

it('without its database it says so, still gives out bytes, and recovers by itself', async () => {
  await using around = await startSurroundings();
  await using hub = await startHub(around);
  const clients = await connect(around, hub);
  const as = await clients.as();
  const made = await clients.repositories.createRepository({ requestId: '', kind: 'model', name: 'm' }, as);
  const repositoryId = made.repository?.repositoryId ?? '';
  const blob = { sha256: sha256Of('bytes'), sizeBytes: 5n };
  const granted = await clients.repositories.grantUpload({ repositoryId, ...blob }, as);
  await uploadAll(clients.at(granted.url), Buffer.from('bytes'));
  const files = [{ path: 'a', ...blob }];
  const commit = { requestId: '', repositoryId, message: '', files, deletedPaths: [], expectedParent: '' };
  await clients.repositories.createCommit(commit, as);
  const download = await clients.repositories.grantDownload({ repositoryId, revision: '', path: 'a' }, as);

  await using database = await closedDatabase(around.database.adminUrl);
  const statusOf = async () => {
    const failure = await clients.repositories.getRepository({ repositoryId }, as).then(
      () => undefined,
      (error: unknown) => error,
    );
    return failure === undefined ? 'fine' : readGrpcError(failure).kind;
  };
  expect(await statusOf()).toBe('unavailable');
  const patch = await uploadAll(clients.at(granted.url), Buffer.from('x'), 5);
  expect([patch.status, patch.headers.get('retry-after')]).toEqual([503, '2']);
  expect((await fetch(`http://${hub.addresses.ops}/readyz`)).status).toBe(503);
  expect((await fetch(`http://${hub.addresses.ops}/healthz`)).status).toBe(200);
  expect(await (await fetch(clients.at(download.url))).text()).toBe('bytes');

  await database.open();
  await eventually(async () => (await statusOf()) === 'fine');
  await eventually(async () => (await fetch(`http://${hub.addresses.ops}/readyz`)).ok);
});

/** Throws everybody out of the database and lets nobody in, until `open`. */
async function closedDatabase(adminUrl: string) {
  const url = new URL(adminUrl);
  const name = url.pathname.slice(1);
  url.pathname = '/postgres';
  const admin = await connectPostgres({ url: url.toString(), applicationName: 'outage' }, silentLogger);
  const allow = (connections: number) =>
    admin.$client.query(`alter database "${name}" connection limit ${connections}`);
  await allow(0);
  await admin.$client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
  return {
    open: () => allow(UNLIMITED),
    [Symbol.asyncDispose]: async () => {
      await allow(UNLIMITED);
      await admin[Symbol.asyncDispose]();
    },
  };
}
