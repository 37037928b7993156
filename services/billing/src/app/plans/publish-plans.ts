import type { NewPlan, Plan } from '../../domain/plan/plan.ts';
import type { BillingDeps } from '../ports.ts';

/** Publishes the next version of each plan. What was bought under an older version is not touched. */
export async function publishPlans(deps: BillingDeps, plans: readonly NewPlan[]): Promise<Plan[]> {
  return deps.transact(async (stores) => {
    const known = await stores.plans.versions(plans.map((plan) => plan.code));
    const latest = new Map<string, number>();
    for (const { code, version } of known) latest.set(code, Math.max(version, latest.get(code) ?? 0));
    const versions = plans.map((plan): Plan => {
      const version = (latest.get(plan.code) ?? 0) + 1;
      latest.set(plan.code, version);
      return { ...plan, id: deps.ids.next('pln'), version };
    });
    await stores.plans.insert(versions);
    return versions;
  });
}

/** Fills an empty catalogue; one that has plans is the operator's business. */
export async function seedPlans(deps: BillingDeps, plans: readonly NewPlan[]): Promise<void> {
  if (await deps.transact((stores) => stores.plans.isEmpty())) await publishPlans(deps, plans);
}
