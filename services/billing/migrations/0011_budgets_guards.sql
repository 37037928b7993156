-- A wallet is marked when its account makes a budget or its standing changes; balances stay out of reach.
DO $$
DECLARE
  service text;
BEGIN
  FOR service IN
    SELECT DISTINCT grantee::text FROM information_schema.role_table_grants
    WHERE table_schema = 'public' AND table_name = 'budgets' AND grantee NOT IN (current_user, 'PUBLIC')
  LOOP
    EXECUTE format('REVOKE DELETE, TRUNCATE ON budgets, budget_counters FROM %I', service);
    EXECUTE format(
      'GRANT UPDATE (standing_state, standing_since, standing_next_at, standing_reason, standing_version, has_budgets) ON wallets TO %I',
      service);
  END LOOP;
END $$;
