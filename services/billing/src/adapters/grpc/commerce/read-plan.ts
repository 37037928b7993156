import { grpcError, invalidArgument } from '@suanli/grpc-kit';
import type { Instant } from '@suanli/kernel';
import type { Plan as PlanMessage } from '@suanli/proto/suanli/billing/v1/plan.ts';
import { MAX_AMOUNT_MICROS } from '../../../domain/hold/hold.ts';
import type { NewPlan, PlanBenefit } from '../../../domain/plan/plan.ts';

const CODE = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const MAX_NAME_CHARS = 200;
const MAX_COUNT = 10_000;

/** A plan as an operator publishes it. */
export function readPlan(plan: PlanMessage, now: Instant): NewPlan {
  const { code, name, period, priceMicros, family, effectiveFrom, withdrawn } = plan;
  const where = { code };
  if (!CODE.test(code) || !CODE.test(family)) throw invalid('code and family are lower-case names', where);
  if (name === '' || name.length > MAX_NAME_CHARS) throw invalid('name is needed', where);
  if (period !== 'month' && period !== 'year') throw invalid('period is month or year', where);
  if (priceMicros <= 0n || priceMicros > MAX_AMOUNT_MICROS) throw invalid('price_micros is out of range', where);
  const from = effectiveFrom?.getTime() ?? now;
  if (Number.isNaN(from)) throw invalid('effective_from is no time', where);
  const benefit = readBenefit(plan, where);
  return { code, name, period, priceMicros, benefit, family, effectiveFrom: from, isWithdrawn: withdrawn };
}

function readBenefit({ benefit }: PlanMessage, where: { code: string }): PlanBenefit {
  if (benefit === undefined) throw invalid('a benefit is needed', where);
  if (benefit.$case === 'reservation') {
    const { item, region, count } = benefit.value;
    const isWhole = Number.isInteger(count) && count > 0 && count <= MAX_COUNT;
    if (item === '' || region === '' || !isWhole) throw invalid('a reservation needs item, region and count', where);
    return { kind: 'reservation', item, region, count };
  }
  const { amountMicros, products, items, regions } = benefit.value;
  if (amountMicros <= 0n || amountMicros > MAX_AMOUNT_MICROS) throw invalid('the credit is out of range', where);
  return { kind: 'credit', amountMicros, products, items, regions };
}

function invalid(message: string, where: { code: string }) {
  return grpcError(invalidArgument('PLAN_INVALID', message, where));
}
