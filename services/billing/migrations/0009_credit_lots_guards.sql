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
