import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVENTS } from '@suanli/proto/subjects';
import { eventually } from '@suanli/test-kit';
import { gatewayLab, type Lab, type Tenant } from './support/gateway-lab.ts';

let lab: Lab;
let acme: Tenant;
beforeAll(async () => {
  lab = await gatewayLab();
  acme = await lab.openAccount();
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('an account', () => {
  it('is opened by the operator with owner, workspace and a key that works at once', async () => {
    const me = await acme.rest.get('/v1/me');
    expect(me.body).toMatchObject({
      kind: 'member',
      account_id: acme.accountId,
      workspace_id: acme.workspaceId,
      role: 'owner',
      scopes: ['*'],
    });
  });

  it('is announced once, in the transaction that opens it', async () => {
    const heard: string[] = [];
    await using _listening = lab.bus.listen(EVENTS.accountOpened.subject, ({ data }) =>
      heard.push(JSON.parse(Buffer.from(data).toString('utf8')).accountId),
    );
    const opened = await lab.openAccount('Heard');
    await eventually(() => expect(heard).toContain(opened.accountId));
    const { rows } = await lab.database.db.$client.query(
      'select count(*)::int as n from outbox where aggregate_id = $1',
      [opened.accountId],
    );
    expect(rows).toEqual([{ n: 1 }]);
  });

  it('is opened once however often the operator asks under one Idempotency-Key, with the same secret', async () => {
    const ask = () =>
      lab.operator.post('/v1/accounts', { name: 'Once', owner_name: 'Lin' }, { 'idempotency-key': 'open-once' });
    const answers = [await ask(), await ask()];
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(answers[1]?.headers.get('idempotency-replayed')).toBe('true');
    expect(answers[1]?.body).toEqual(answers[0]?.body);
  });

  it('cannot be opened by anyone else', async () => {
    const answer = await acme.rest.post('/v1/accounts', { name: 'Mine', owner_name: 'Me' });
    expect([answer.status, answer.body]).toMatchObject([403, { code: 'operator_required' }]);
  });

  it('leaves no secret in the database, neither of keys nor in kept answers', async () => {
    const kept = await acme.rest.post('/v1/api-keys', { name: 'kept' }, { 'idempotency-key': 'kept-answer' });
    const { rows } = await lab.database.db.$client.query(`
      select string_agg(t::text, '') as all from (
        select row_to_json(k) t from api_keys k union all select row_to_json(i) from idempotency_records i
        union all select row_to_json(r) from requests r union all select row_to_json(o) from outbox o
        union all select row_to_json(a) from audit_events a union all select row_to_json(s) from signing_keys s) x`);
    // At the beginning of a word: sealed answers are random letters, and say `sk_` somewhere in their midst now and then.
    expect(rows[0].all).not.toMatch(/(?<![A-Za-z0-9_-])sk_[A-Za-z0-9_-]{20}/);
    expect(rows[0].all).not.toContain((kept.body as { secret: string }).secret.slice(5, 30));
    expect(rows[0].all).not.toContain(acme.key.slice(5, 30));
  });
});

describe('members', () => {
  it('are added, promoted and removed; an account keeps its last owner', async () => {
    const added = await acme.rest.post('/v1/members', { name: 'Bo', email: 'bo@example.org', role: 'developer' });
    expect(added.status).toBe(201);
    const { id } = added.body as { id: string };
    const again = await acme.rest.post('/v1/members', { name: 'Bo', email: 'bo@example.org', role: 'viewer' });
    expect([again.status, again.body]).toMatchObject([409, { code: 'member_exists' }]);
    const promoted = await acme.rest.patch(`/v1/members/${id}`, { role: 'admin' });
    expect(promoted.body).toMatchObject({ role: 'admin' });
    const demoted = await acme.rest.patch(`/v1/members/${acme.memberId}`, { role: 'viewer' });
    expect([demoted.status, demoted.body]).toMatchObject([409, { code: 'last_owner' }]);
    expect((await acme.rest.delete(`/v1/members/${id}`)).status).toBe(204);
    expect((await acme.rest.get(`/v1/members/${id}`)).status).toBe(404);
  });

  it('of which two are owners cannot both be removed at the same time', async () => {
    const tenant = await lab.openAccount('Two owners');
    const second = (await tenant.rest.post('/v1/members', { name: 'Second', role: 'owner' })).body as { id: string };
    const answers = await Promise.all(
      [tenant.memberId, second.id].map((id) => tenant.rest.patch(`/v1/members/${id}`, { role: 'admin' })),
    );
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409]);
  });

  it('lose their keys when they are removed', async () => {
    const member = (await acme.rest.post('/v1/members', { name: 'Cy', role: 'developer' })).body as { id: string };
    const key = (await acme.rest.post('/v1/api-keys', { name: 'of cy', member_id: member.id })).body as {
      secret: string;
    };
    const rest = lab.client(lab.gateway, key.secret);
    expect((await rest.get('/v1/me')).body).toMatchObject({ role: 'developer', member_id: member.id });
    await acme.rest.delete(`/v1/members/${member.id}`);
    expect((await rest.get('/v1/me')).status).toBe(401);
  });
});

describe('API keys', () => {
  it('do no more than their member’s role and their own scopes', async () => {
    const made = await acme.rest.post('/v1/api-keys', { name: 'reader', scopes: ['account:read'] });
    const reader = lab.client(lab.gateway, (made.body as { secret: string }).secret);
    expect((await reader.get('/v1/members')).status).toBe(200);
    const refused = await reader.post('/v1/workspaces', { name: 'w' });
    expect([refused.status, refused.body]).toMatchObject([403, { code: 'scope_missing' }]);
  });

  it('cannot give what they do not have', async () => {
    const scopes = ['account:read', 'account:write'];
    const made = await acme.rest.post('/v1/api-keys', { name: 'keeper', scopes });
    const keeper = lab.client(lab.gateway, (made.body as { secret: string }).secret);
    const wide = await keeper.post('/v1/api-keys', { name: 'wide' });
    expect([wide.status, wide.body]).toMatchObject([403, { code: 'scope_too_wide' }]);
    expect((await keeper.post('/v1/api-keys', { name: 'narrow', scopes: ['account:read'] })).status).toBe(201);
  });

  it('are shut when they expire, and are not made with an expiry in the past', async () => {
    const past = await acme.rest.post('/v1/api-keys', { name: 'past', expires_at: '2020-01-01T00:00:00Z' });
    expect([past.status, past.body]).toMatchObject([422, { code: 'expiry_in_past' }]);
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const made = await acme.rest.post('/v1/api-keys', { name: 'short', expires_at: later });
    const { id, secret } = made.body as { id: string; secret: string };
    const short = lab.client(lab.gateway, secret);
    expect((await short.get('/v1/me')).status).toBe(200);
    // The hour passes in the database, where no test has to wait for it.
    await lab.database.db.$client.query('update api_keys set expires_at = now() where id = $1', [id]);
    await eventually(async () => expect((await short.get('/v1/me')).status).toBe(401));
  });

  it('are listed newest first over pages, without their secrets, with their last use', async () => {
    const tenant = await lab.openAccount('Pages');
    for (const name of ['a', 'b', 'c']) await tenant.rest.post('/v1/api-keys', { name });
    const names: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await tenant.rest.get(`/v1/api-keys?limit=2${cursor}`);
      const { data, has_more, next_cursor } = page.body as {
        data: { name: string }[];
        has_more: boolean;
        next_cursor?: string;
      };
      expect(page.text).not.toContain('secret');
      names.push(...data.map(({ name }) => name));
      if (!has_more) break;
      cursor = `&cursor=${next_cursor}`;
    }
    expect(names).toEqual(['c', 'b', 'a', 'first key']);
    await eventually(
      async () => {
        const key = await tenant.rest.get(`/v1/api-keys/${tenant.keyId}`);
        expect(key.body).toHaveProperty('last_used_at');
      },
      { timeoutMs: 15_000 },
    );
  });
});

describe('another tenant', () => {
  it('finds nothing of ours, by any id', async () => {
    const stranger = await lab.openAccount('Stranger');
    for (const path of [
      `/v1/accounts/${acme.accountId}`,
      `/v1/workspaces/${acme.workspaceId}`,
      `/v1/members/${acme.memberId}`,
      `/v1/api-keys/${acme.keyId}`,
    ]) {
      expect([path, (await stranger.rest.get(path)).status]).toEqual([path, 404]);
    }
    expect((await stranger.rest.delete(`/v1/api-keys/${acme.keyId}`)).status).toBe(404);
    expect((await stranger.rest.delete(`/v1/members/${acme.memberId}`)).status).toBe(404);
    expect((await acme.rest.get('/v1/me')).status).toBe(200);
    for (const list of ['workspaces', 'members', 'api-keys', 'audit-events']) {
      expect((await stranger.rest.get(`/v1/${list}?limit=200`)).text).not.toContain(acme.accountId);
    }
    const key = await stranger.rest.post('/v1/api-keys', { name: 'x', workspace_id: acme.workspaceId });
    expect([key.status, key.body]).toMatchObject([404, { code: 'workspace_not_found' }]);
  });
});
