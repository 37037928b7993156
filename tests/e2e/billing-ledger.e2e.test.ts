import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { verifyLedger } from '../support/ledger.ts';
import { platform } from '../support/platform.ts';
import { openTenant, YUAN } from '../support/tenants.ts';

type Answer = { status: number; body: Record<string, unknown> };

/** The operator's hands on the ledger, as docs/api/billing/ledger.md has them. */
async function operator() {
  const { url, operatorKey } = await platform();
  const headers = { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' };
  return async (path: string, body?: object): Promise<Answer> => {
    const method = body === undefined ? 'GET' : 'POST';
    const answer = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
}

async function openWallet(name: string) {
  const { api } = await openTenant(name, 10n * YUAN);
  const read = () => api.get<{ id: string; posted_micros: string; available_micros: string }>('/v1/wallet');
  return { api, read, id: (await read()).id };
}

it('an operator pays, reserves, posts in parts, voids and reverses, each once, and the ledger stays whole', async () => {
  const ask = await operator();
  const { read, id: wallet, api } = await openWallet('ledger');
  const mark = randomUUID();
  const order = (id: string, fields: object) => ask('/v1/admin/transfers', { id: `${id}-${mark}`, ...fields });
  const codeOf = ({ status, body }: Answer) => [status, body['code']];
  const pay = { kind: 'post', from_account_id: wallet, to_account_id: 'platform:revenue', amount_micros: '2500000' };

  const paid = await order('pay', pay);
  expect(paid).toMatchObject({ status: 201, body: { ...pay, code: 'movement' } });
  expect(await order('pay', pay)).toEqual({ status: 200, body: paid.body });
  expect(codeOf(await order('pay', { ...pay, amount_micros: '1' }))).toEqual([409, 'exists_with_different_amount']);
  expect(await ask(`/v1/admin/transfers/pay-${mark}`)).toEqual({ status: 200, body: paid.body });

  const reserve = { kind: 'pending', from_account_id: wallet, amount_micros: '5000000', timeout_ms: 600_000 };
  expect(await order('res', reserve)).toMatchObject({ status: 201, body: { pending_id: `res-${mark}` } });
  expect(await read()).toMatchObject({ posted_micros: '7500000', available_micros: '2500000' });
  const part = (amount: string) => ({ kind: 'post_pending', pending_id: `res-${mark}`, amount_micros: amount });
  expect((await order('part', part('2000000'))).status).toBe(201);
  const over = await order('over', part('3000001'));
  expect([...codeOf(over), over.body['details']]).toEqual([409, 'exceeds_pending_amount', { missing_micros: '1' }]);
  expect((await order('void', { kind: 'void_pending', pending_id: `res-${mark}` })).status).toBe(201);
  expect(codeOf(await order('late', part('1')))).toEqual([409, 'pending_already_voided']);

  const back = { kind: 'reversal', reversal_of: `pay-${mark}` };
  expect((await order('back', back)).status).toBe(201);
  expect(codeOf(await order('twice', back))).toEqual([409, 'transfer_already_reversed']);
  expect(codeOf(await order('of-it', { kind: 'reversal', reversal_of: `back-${mark}` }))).toEqual([
    409,
    'transfer_is_a_reversal',
  ]);
  const most = await order('most', { ...pay, amount_micros: '8000001' });
  expect(most).toMatchObject({ status: 402, body: { code: 'exceeds_credits', shortfall_micros: '1' } });
  expect(await read()).toMatchObject({ posted_micros: '8000000', available_micros: '8000000' });

  const tried = await api.send('POST', '/v1/admin/transfers', { body: { id: 'mine', ...pay } });
  expect(tried.status).toBe(403);
  expect(await verifyLedger()).toMatchObject({ driftMicros: '0', broken: {}, workloads: 'checked' });
});

it('orders of a batch see what the ones before them have left, and a refusal is one order’s alone', async () => {
  const ask = await operator();
  const [from, to] = [await openWallet('payer'), await openWallet('payee')];
  const mark = randomUUID();
  const move = (id: string, amount: string) => ({
    ...{ id: `${id}-${mark}`, kind: 'post', amount_micros: amount },
    ...{ from_account_id: from.id, to_account_id: to.id },
  });
  const transfers = [move('a', '6000000'), move('b', '6000000'), move('c', '4000000'), move('a', '6000000')];
  const { body } = await ask('/v1/admin/transfer-batches', { transfers });
  expect(body['results']).toMatchObject([
    { id: `a-${mark}`, existed: false },
    { refusal: { code: 'exceeds_credits', missing_micros: '2000000' } },
    { id: `c-${mark}`, existed: false },
    { id: `a-${mark}`, existed: true },
  ]);
  expect([(await from.read()).posted_micros, (await to.read()).posted_micros]).toEqual(['0', '20000000']);
});
