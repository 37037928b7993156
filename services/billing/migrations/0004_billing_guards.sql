-- Each wallet is looked up twice, to lock and to move it, instead of four times; a batch is one statement. No plan may read
-- a whole table of wallets for the sake of a batch, however the statistics stand.
CREATE OR REPLACE FUNCTION book_transfers() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
DECLARE
  strangers bigint;
  currencies bigint;
BEGIN
  IF EXISTS (
    SELECT FROM fresh t
    WHERE t.hold_id IS NOT NULL AND NOT EXISTS (SELECT FROM holds WHERE holds.id = t.hold_id)
  ) THEN
    RAISE EXCEPTION 'a transfer names a hold that does not exist' USING ERRCODE = 'foreign_key_violation';
  END IF;

  -- A reversal mirrors a payment, whole; that it happens once is a unique index, that it is not one of a reversal is here.
  IF EXISTS (
    SELECT FROM fresh t LEFT JOIN transfers paid ON paid.id = t.reversal_of
    WHERE t.kind = 'reversal' AND (paid.kind IS DISTINCT FROM 'post' OR paid.from_account_id <> t.to_account_id
      OR paid.to_account_id <> t.from_account_id OR paid.amount_micros <> t.amount_micros)
  ) THEN
    RAISE EXCEPTION 'a reversal pays back one payment, whole' USING ERRCODE = 'check_violation';
  END IF;

  WITH effects AS (
    SELECT t.*,
      CASE WHEN kind IN ('post', 'post_pending', 'reversal') THEN amount_micros ELSE 0 END AS posted,
      CASE WHEN kind IN ('post', 'reversal') THEN 0 WHEN kind = 'pending' THEN amount_micros ELSE -amount_micros END
        AS pending
    FROM fresh t
  ), legs AS (
    SELECT id, position, created_at, from_account_id AS account_id, -posted AS posted, -pending AS pending FROM effects
    UNION ALL
    SELECT id, position, created_at, to_account_id, posted, pending FROM effects
  ), locked AS MATERIALIZED (
    SELECT id, currency, sequence, posted_micros FROM wallets
    WHERE id IN (SELECT account_id FROM legs) ORDER BY id FOR NO KEY UPDATE
  ), written AS (
    INSERT INTO entries
      (transfer_id, account_id, sequence, posted_micros, pending_micros, posted_after_micros, created_at)
    SELECT legs.id, legs.account_id, locked.sequence + row_number() OVER so_far, legs.posted, legs.pending,
      locked.posted_micros + sum(legs.posted) OVER so_far, legs.created_at
    FROM legs LEFT JOIN locked ON locked.id = legs.account_id
    WINDOW so_far AS (PARTITION BY legs.account_id ORDER BY legs.position ROWS UNBOUNDED PRECEDING)
    RETURNING account_id, sequence, posted_micros, pending_micros
  ), moved AS (
    SELECT account_id, sum(posted_micros)::bigint AS posted, sum(pending_micros)::bigint AS pending, count(*) AS entries
    FROM written WHERE sequence IS NOT NULL GROUP BY account_id
  ), balanced AS (
    UPDATE wallets SET
      posted_micros = wallets.posted_micros + moved.posted,
      pending_micros = wallets.pending_micros - moved.pending,
      sequence = wallets.sequence + moved.entries
    FROM moved WHERE wallets.id = moved.account_id
  ), others AS MATERIALIZED (
    SELECT DISTINCT account_id FROM legs WHERE account_id NOT IN (SELECT id FROM locked)
  ), known AS (
    SELECT accounts.currency FROM others LEFT JOIN accounts ON accounts.id = others.account_id
    UNION ALL
    SELECT currency FROM locked
  )
  SELECT count(*) FILTER (WHERE currency IS NULL), count(DISTINCT currency) INTO strangers, currencies FROM known;
  IF strangers > 0 OR currencies > 1 THEN
    RAISE EXCEPTION 'a transfer names an account that does not exist, or two currencies'
      USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint

-- Whoever books has a transaction id before its first position is drawn: the sealer may then conclude that every position
-- up to one it saw is settled once all transactions that were running at that time have ended.
CREATE FUNCTION begin_booking() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_current_xact_id();
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER transfers_begin BEFORE INSERT ON transfers FOR EACH STATEMENT EXECUTE FUNCTION begin_booking();
--> statement-breakpoint
CREATE TRIGGER ledger_seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_seals
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
DO $$
DECLARE
  service text;
BEGIN
  FOR service IN
    SELECT DISTINCT grantee::text FROM information_schema.role_table_grants
    WHERE table_schema = 'public' AND table_name = 'ledger_seals' AND grantee NOT IN (current_user, 'PUBLIC')
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON ledger_seals FROM %I', service);
  END LOOP;
END $$;
--> statement-breakpoint

-- The platform's side of credit: who gives it, and who gets what expires.
INSERT INTO accounts (id, kind, currency, created_at) VALUES
  ('platform:breakage', 'breakage', 'CNY', now()),
  ('platform:credit:promotional', 'credit', 'CNY', now()),
  ('platform:credit:voucher', 'credit', 'CNY', now()),
  ('platform:credit:compensation', 'credit', 'CNY', now());
--> statement-breakpoint

-- A recharge moves through its states; what is never rewritten are the movements of money.
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
--> statement-breakpoint

-- Credit lots: rows of a wallet that only transfers fill and empty. A transfer's parts are written after it, in the same
-- transaction; what they do to lots and to the wallet's sums of lots is done here, and by nobody else.
CREATE FUNCTION move_lots() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM fresh JOIN transfers t ON t.id = fresh.transfer_id JOIN credit_lots lot ON lot.id = fresh.lot_id
    WHERE lot.wallet_id NOT IN (t.from_account_id, t.to_account_id) OR fresh.reference <> t.reference
  ) OR EXISTS (
    SELECT FROM transfers t WHERE t.id IN (SELECT transfer_id FROM fresh)
      AND t.amount_micros < (SELECT sum(amount_micros) FROM transfer_lots WHERE transfer_id = t.id)
  ) THEN
    RAISE EXCEPTION 'a part is of a lot of another wallet, or the parts are more than their transfer'
      USING ERRCODE = 'check_violation';
  END IF;

  WITH effects AS (
    SELECT lot.id, lot.wallet_id, t.code, t.kind, fresh.amount_micros AS amount,
      CASE WHEN lot.wallet_id = t.from_account_id THEN -1 ELSE 1 END AS sign
    FROM fresh JOIN transfers t ON t.id = fresh.transfer_id JOIN credit_lots lot ON lot.id = fresh.lot_id
  ), moves AS (
    SELECT id, wallet_id,
      sum(CASE WHEN kind IN ('post', 'post_pending', 'reversal') THEN sign * amount ELSE 0 END) AS posted,
      sum(CASE WHEN kind IN ('post', 'reversal') THEN 0 WHEN kind = 'pending' THEN sign * amount ELSE -sign * amount END)
        AS pending,
      sum(CASE WHEN code = 'breakage' THEN amount ELSE 0 END) AS broken
    FROM effects GROUP BY id, wallet_id
  ), moved AS (
    UPDATE credit_lots SET
      remaining_micros = credit_lots.remaining_micros + moves.posted,
      reserved_micros = credit_lots.reserved_micros - moves.pending,
      broken_micros = credit_lots.broken_micros + moves.broken
    FROM moves WHERE credit_lots.id = moves.id
    RETURNING 1
  )
  UPDATE wallets SET
    lot_remaining_micros = lot_remaining_micros + sums.posted,
    lot_reserved_micros = lot_reserved_micros - sums.pending
  FROM (SELECT wallet_id, sum(posted) AS posted, sum(pending) AS pending FROM moves GROUP BY wallet_id) sums
  WHERE wallets.id = sums.wallet_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER transfer_lots_move AFTER INSERT ON transfer_lots
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION move_lots();
--> statement-breakpoint

CREATE FUNCTION count_lots() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE wallets SET lot_count = lot_count + made.lots
  FROM (SELECT wallet_id, count(*) AS lots FROM fresh GROUP BY wallet_id) made WHERE wallets.id = made.wallet_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER credit_lots_count AFTER INSERT ON credit_lots
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION count_lots();
--> statement-breakpoint

-- Cash has a floor of its own: credit that is meant for something never covers for it. Looked at when the transaction
-- ends, since a transfer and its parts are two statements; wallets without credit never get here.
CREATE FUNCTION check_cash_floor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM wallets WHERE id = NEW.id AND (lot_reserved_micros > pending_micros OR lot_remaining_micros < 0
      OR (posted_micros - lot_remaining_micros) - (pending_micros - lot_reserved_micros) < -overdraft_micros)
  ) THEN
    RAISE EXCEPTION 'the cash of wallet % would fall below its floor', NEW.id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE CONSTRAINT TRIGGER wallets_cash_floor AFTER UPDATE ON wallets DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.lot_remaining_micros <> 0 OR NEW.lot_reserved_micros <> 0) EXECUTE FUNCTION check_cash_floor();
--> statement-breakpoint

CREATE TRIGGER transfer_lots_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer_lots
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER voucher_redemptions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON voucher_redemptions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint

-- The service makes empty lots and remembers whom it has warned; what is in a lot it cannot write.
DO $$
DECLARE
  service text;
BEGIN
  FOR service IN
    SELECT DISTINCT grantee::text FROM information_schema.role_table_grants
    WHERE table_schema = 'public' AND table_name = 'credit_lots' AND grantee NOT IN (current_user, 'PUBLIC')
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON transfer_lots, voucher_redemptions FROM %I', service);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON credit_lots FROM %I', service);
    EXECUTE format('GRANT INSERT (id, wallet_id, account_id, kind, priority, effective_at, expires_at, products, items, '
      'regions, granted_micros, reason, reference, created_at), UPDATE (warned_at) ON credit_lots TO %I', service);
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON voucher_batches, voucher_codes FROM %I', service);
    EXECUTE format('GRANT UPDATE (withdrawn_at) ON voucher_batches TO %I', service);
    EXECUTE format('GRANT UPDATE (redemptions) ON voucher_codes TO %I', service);
    EXECUTE format('REVOKE DELETE, TRUNCATE ON voucher_attempts FROM %I', service);
  END LOOP;
END $$;
--> statement-breakpoint

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
--> statement-breakpoint

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
--> statement-breakpoint

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
--> statement-breakpoint

-- Balances and holds change often: with room on their pages a new version stays beside the old one, and no index changes.
ALTER TABLE wallets SET (fillfactor = 50);
--> statement-breakpoint
ALTER TABLE holds SET (fillfactor = 70);
--> statement-breakpoint

DO $$
DECLARE
  service text;
BEGIN
  FOR service IN
    SELECT DISTINCT grantee::text FROM information_schema.role_table_grants
    WHERE table_schema = 'public' AND table_name = 'debts' AND grantee NOT IN (current_user, 'PUBLIC')
  LOOP
    EXECUTE format('GRANT UPDATE (has_debt) ON wallets TO %I', service);
  END LOOP;
END $$;
