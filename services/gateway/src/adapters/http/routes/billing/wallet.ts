import { CURRENCY } from '@suanli/kernel';
import { z } from 'zod';
import { reading } from '../../call-options.ts';
import type { Routes } from '../../create-http-app.ts';
import { pageRequest, serviceList } from '../../paging.ts';
import { problem } from '../../problems/problem.ts';
import { listOf, noQuery, pageOnly, pageQuery } from '../../schemas.ts';
import { holdView, ledgerEntryView, toHoldView, toLedgerEntryView, toWalletView, walletView } from './views.ts';

const tags = ['billing'];

const holdQuery = z.strictObject({ ...pageQuery, status: z.enum(['active', 'closed', 'expired']).optional() });

export const walletRoutes: Routes = (app, deps) => {
  const { wallet: billing } = deps.services;

  app.get(
    '/v1/wallet',
    {
      schema: { tags, summary: 'The wallet of the account', querystring: noQuery, response: { 200: walletView } },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const { wallet } = await billing.getWallet({}, await reading(deps, request));
      if (wallet === undefined) throw problem('wallet_not_found');
      return toWalletView(wallet);
    },
  );

  app.get(
    '/v1/ledger-entries',
    {
      schema: {
        tags,
        summary: 'What went in and out, newest first',
        querystring: pageOnly,
        response: { 200: listOf(ledgerEntryView) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query) };
      const { entries, page } = await billing.listLedgerEntries(wish, await reading(deps, request));
      return serviceList(entries, page, (entry) => toLedgerEntryView(entry, CURRENCY));
    },
  );

  app.get(
    '/v1/holds',
    {
      schema: {
        tags,
        summary: 'What is held for running work, newest first',
        querystring: holdQuery,
        response: { 200: listOf(holdView) },
      },
      config: { access: { scope: 'billing:read' } },
    },
    async (request) => {
      const wish = { page: pageRequest(request.query), status: request.query.status ?? '' };
      const { holds, page } = await billing.listHolds(wish, await reading(deps, request));
      return serviceList(holds, page, (hold) => toHoldView(hold, CURRENCY));
    },
  );
};
