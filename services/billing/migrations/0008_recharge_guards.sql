-- A recharge moves through its states; what is never rewritten are the movements of money.
DROP TRIGGER IF EXISTS recharges_append_only ON recharges;
--> statement-breakpoint
CREATE TRIGGER recharge_movements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recharge_movements
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint

-- What a payment is does not change with what becomes of it.
CREATE FUNCTION refuse_other_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'payment % is what it was told to be, and stays booked', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER incoming_payments_stay BEFORE UPDATE ON incoming_payments
  FOR EACH ROW WHEN (
    (OLD.channel, OLD.serial_number, OLD.amount_micros, OLD.currency, OLD.payer, OLD.note, OLD.booked_at)
      IS DISTINCT FROM (NEW.channel, NEW.serial_number, NEW.amount_micros, NEW.currency, NEW.payer, NEW.note, NEW.booked_at)
    OR OLD.state = 'booked'
  ) EXECUTE FUNCTION refuse_other_payment();
--> statement-breakpoint

-- Whose recharge it is and what was asked for never changes, and what has arrived never becomes less.
CREATE FUNCTION refuse_other_recharge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'recharge % cannot become another, or have received less', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER recharges_stay BEFORE UPDATE ON recharges
  FOR EACH ROW WHEN (
    (OLD.id, OLD.wallet_id, OLD.account_id, OLD.channel, OLD.amount_micros, OLD.currency, OLD.reference)
      IS DISTINCT FROM (NEW.id, NEW.wallet_id, NEW.account_id, NEW.channel, NEW.amount_micros, NEW.currency, NEW.reference)
    OR NEW.received_micros < OLD.received_micros
  ) EXECUTE FUNCTION refuse_other_recharge();
--> statement-breakpoint

INSERT INTO accounts (id, kind, currency, created_at) VALUES ('platform:receivable', 'receivable', 'CNY', now())
  ON CONFLICT DO NOTHING;
--> statement-breakpoint

DO $$
DECLARE
  service text;
BEGIN
  FOR service IN
    SELECT DISTINCT grantee::text FROM information_schema.role_table_grants
    WHERE table_schema = 'public' AND table_name = 'wallets' AND grantee NOT IN (current_user, 'PUBLIC')
  LOOP
    EXECUTE format('GRANT UPDATE ON recharges TO %I', service);
    EXECUTE format('REVOKE DELETE, TRUNCATE ON recharges, incoming_payments, debts FROM %I', service);
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON recharge_movements FROM %I', service);
  END LOOP;
END $$;
