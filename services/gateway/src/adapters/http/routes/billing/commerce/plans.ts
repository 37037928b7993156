import { z } from 'zod';
import { commanding, reading } from '../../../call-options.ts';
import type { Routes } from '../../../create-http-app.ts';
import { pageRequest, serviceList } from '../../../paging.ts';
import { idParam, instantIn, jsonValue, listOf, microsIn, name, noQuery, pageOnly } from '../../../schemas.ts';
import { planView, toPlanView } from './plan-views.ts';

const tags = ['billing'];
const names = z.array(idParam).max(100).default([]);
const creditIn = z.strictObject({
  kind: z.literal('credit'),
  amount_micros: microsIn,
  products: names,
  items: names,
  regions: names,
});
const reservationIn = z.strictObject({
  kind: z.literal('reservation'),
  item: idParam,
  region: idParam,
  count: z.int().min(1).max(10_000),
});
const planIn = z.strictObject({
  code: idParam,
  name,
  period: z.enum(['month', 'year']),
  price_micros: microsIn,
  family: idParam,
  benefit: z.discriminatedUnion('kind', [creditIn, reservationIn]),
  effective_from: instantIn.optional(),
  withdrawn: z.boolean().default(false),
});
const publishBody = z.strictObject({ plans: z.array(planIn).min(1).max(100) });

/** The catalogue of plans and the rules that they are sold under. */
export const planRoutes: Routes = (app, deps) => {
  const { plans } = deps.services;

  app.get(
    '/v1/plans',
    {
      schema: { tags, summary: 'Plans on sale', querystring: pageOnly, response: { 200: listOf(planView) } },
      config: { access: { scope: 'billing:read', caller: 'any' } },
    },
    async (request) => {
      const { plans: rows, page } = await plans.listPlans(
        { page: pageRequest(request.query) },
        await reading(deps, request),
      );
      return serviceList(rows, page, toPlanView);
    },
  );

  app.get(
    '/v1/commitment-policy',
    {
      schema: {
        tags,
        summary: 'The rules of renewal, change and release, as data',
        querystring: noQuery,
        response: { 200: z.record(z.string(), jsonValue) },
      },
      config: { access: { scope: 'billing:read', caller: 'any' } },
    },
    async (request) => {
      const { policyJson } = await plans.getCommitmentPolicy({}, await reading(deps, request));
      return snakeCased(JSON.parse(policyJson)) as Record<string, z.infer<typeof jsonValue>>;
    },
  );

  app.post(
    '/v1/admin/plans',
    {
      schema: {
        tags,
        summary: 'Publish the next version of plans',
        body: publishBody,
        querystring: noQuery,
        response: { 201: z.object({ data: z.array(planView) }) },
      },
      config: { access: { scope: 'billing:write', caller: 'operator' }, audit: 'plan.publish' },
    },
    async (request, reply) => {
      const wish = { plans: request.body.plans.map(toPlan) };
      const { plans: published } = await plans.publishPlans(wish, await commanding(deps, request));
      return reply.code(201).send({ data: published.map(toPlanView) });
    },
  );
};

function toPlan({ price_micros, benefit, effective_from, ...plan }: z.output<typeof planIn>) {
  return {
    ...plan,
    planId: '',
    version: 0,
    priceMicros: price_micros,
    currency: '',
    benefit: toBenefit(benefit),
    effectiveFrom: effective_from === undefined ? undefined : new Date(effective_from),
  };
}

function toBenefit(benefit: z.output<typeof planIn>['benefit']) {
  if (benefit.kind === 'reservation') {
    const { item, region, count } = benefit;
    return { $case: 'reservation' as const, value: { item, region, count } };
  }
  const { amount_micros: amountMicros, products, items, regions } = benefit;
  return { $case: 'credit' as const, value: { amountMicros, products, items, regions } };
}

/** Billing tells its table in camelCase; the API speaks snake_case. */
function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased);
  if (typeof value !== 'object' || value === null) return value;
  const renamed = Object.entries(value).map(([key, one]) => [
    key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    snakeCased(one),
  ]);
  return Object.fromEntries(renamed);
}
