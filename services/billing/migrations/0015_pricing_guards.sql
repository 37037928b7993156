-- Prices promised and fences set are history: they are never rewritten. A total goes only with its account's charges.
CREATE TRIGGER discounts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON discounts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER quotes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON quotes
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER fences_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fences
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER commitments_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON commitments
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint

DO $$
DECLARE
  service text;
BEGIN
  FOR service IN
    SELECT DISTINCT grantee::text FROM information_schema.role_table_grants
    WHERE table_schema = 'public' AND table_name = 'wallets' AND grantee NOT IN (current_user, 'PUBLIC')
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON discounts, quotes, fences, commitments FROM %I', service);
    EXECUTE format('REVOKE DELETE, TRUNCATE ON period_totals FROM %I', service);
  END LOOP;
END $$;
