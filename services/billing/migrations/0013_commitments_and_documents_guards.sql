-- Plans, orders and documents: what was sold or issued is never rewritten.
INSERT INTO accounts (id, kind, currency, created_at) VALUES
  ('platform:refunds:development', 'refunds', 'CNY', now())
ON CONFLICT DO NOTHING;
--> statement-breakpoint
CREATE TRIGGER plans_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plans
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER renewal_attempts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON renewal_attempts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER credits_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credits
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER credited_charges_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON credited_charges
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER unusable_windows_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON unusable_windows
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER invoices_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON invoices
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER invoice_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice_lines
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER invoiced_items_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON invoiced_items
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER statements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statements
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint

-- Of an order only what came back of it changes, and never downwards.
CREATE FUNCTION refuse_order_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.refunded_micros < OLD.refunded_micros
    OR (to_jsonb(NEW) - 'refunded_micros') IS DISTINCT FROM (to_jsonb(OLD) - 'refunded_micros') THEN
    RAISE EXCEPTION 'order % is not rewritten', OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER orders_only_refunded BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION refuse_order_change();
--> statement-breakpoint

DO $$
DECLARE
  service text;
BEGIN
  FOR service IN
    SELECT DISTINCT grantee::text FROM information_schema.role_table_grants
    WHERE table_schema = 'public' AND table_name = 'wallets' AND grantee NOT IN (current_user, 'PUBLIC')
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON plans, renewal_attempts, credits, credited_charges, unusable_windows, invoices, invoice_lines, invoiced_items, statements FROM %I', service);
    EXECUTE format('REVOKE DELETE, TRUNCATE ON subscriptions, orders, refunds, document_numbers FROM %I', service);
    EXECUTE format('REVOKE UPDATE ON orders FROM %I', service);
    EXECUTE format('GRANT UPDATE (refunded_micros) ON orders TO %I', service);
  END LOOP;
END $$;
