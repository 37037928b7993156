-- What the tables cannot say by themselves: entries and balances follow from transfers by construction, history is never
-- rewritten, and the service's own role can do neither by hand.

-- Books a set of transfers: two mirrored legs each, so every transfer sums to zero; then the wallets they touch.
-- The caller has locked those wallets in id order; locking them here again keeps that true for any other caller.
-- Accounts never change or go, so a plain look replaces foreign keys, which would share-lock the platform's rows.
CREATE FUNCTION book_transfers() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM fresh t
    LEFT JOIN accounts payer ON payer.id = t.from_account_id
    LEFT JOIN accounts payee ON payee.id = t.to_account_id
    WHERE payer.id IS NULL OR payee.id IS NULL OR payer.currency <> payee.currency
  ) THEN
    RAISE EXCEPTION 'a transfer names an account that does not exist, or two currencies'
      USING ERRCODE = 'foreign_key_violation';
  END IF;

  PERFORM FROM wallets
  WHERE id IN (SELECT from_account_id FROM fresh UNION SELECT to_account_id FROM fresh)
  ORDER BY id FOR NO KEY UPDATE;

  WITH effects AS (
    SELECT t.*,
      CASE WHEN kind IN ('post', 'post_pending') THEN amount_micros ELSE 0 END AS posted,
      CASE kind WHEN 'post' THEN 0 WHEN 'pending' THEN amount_micros ELSE -amount_micros END AS pending
    FROM fresh t
  ), legs AS (
    SELECT id, position, created_at, from_account_id AS account_id, -posted AS posted, -pending AS pending FROM effects
    UNION ALL
    SELECT id, position, created_at, to_account_id, posted, pending FROM effects
  )
  INSERT INTO entries (transfer_id, account_id, sequence, posted_micros, pending_micros, posted_after_micros, created_at)
  SELECT legs.id, legs.account_id, wallets.sequence + row_number() OVER so_far, legs.posted, legs.pending,
    wallets.posted_micros + sum(legs.posted) OVER so_far, legs.created_at
  FROM legs LEFT JOIN wallets ON wallets.id = legs.account_id
  WINDOW so_far AS (PARTITION BY legs.account_id ORDER BY legs.position ROWS UNBOUNDED PRECEDING);

  UPDATE wallets SET
    posted_micros = wallets.posted_micros + moved.posted,
    pending_micros = wallets.pending_micros - moved.pending,
    sequence = wallets.sequence + moved.entries
  FROM (
    SELECT account_id, sum(posted_micros)::bigint AS posted, sum(pending_micros)::bigint AS pending, count(*) AS entries
    FROM entries WHERE transfer_id IN (SELECT id FROM fresh) AND sequence IS NOT NULL
    GROUP BY account_id
  ) moved
  WHERE wallets.id = moved.account_id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER transfers_book AFTER INSERT ON transfers
  REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION book_transfers();
--> statement-breakpoint

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER transfers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transfers
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER accounts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON accounts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER prices_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON prices
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER recharges_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recharges
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint
CREATE TRIGGER charges_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON charges
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
--> statement-breakpoint

-- A hold is resolved at most once, and nothing about it changes afterwards.
CREATE FUNCTION refuse_resolved_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'hold % was resolved before', OLD.id USING ERRCODE = 'restrict_violation';
END $$;
--> statement-breakpoint
CREATE TRIGGER holds_resolve_once BEFORE UPDATE ON holds
  FOR EACH ROW WHEN (OLD.resolved_at IS NOT NULL) EXECUTE FUNCTION refuse_resolved_hold();
--> statement-breakpoint

INSERT INTO accounts (id, kind, currency, created_at) VALUES
  ('platform:revenue', 'revenue', 'CNY', now()),
  ('platform:write_off', 'write_off', 'CNY', now());
--> statement-breakpoint

-- Every role but the owner (that is the service's, by default privileges) loses what it must never do. It cannot write
-- entries or balances at all, and opens a wallet only with nothing in it.
DO $$
DECLARE
  service text;
BEGIN
  FOR service IN
    SELECT DISTINCT grantee::text FROM information_schema.role_table_grants
    WHERE table_schema = 'public' AND table_name = 'wallets' AND grantee NOT IN (current_user, 'PUBLIC')
  LOOP
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON accounts, transfers, prices, recharges, charges FROM %I', service);
    EXECUTE format('REVOKE DELETE, TRUNCATE ON holds, bill_lines, usage_events FROM %I', service);
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON entries, wallets FROM %I', service);
    EXECUTE format('GRANT INSERT (id, account_id, currency, created_at) ON wallets TO %I', service);
    EXECUTE format('GRANT UPDATE (status, overdraft_micros, level) ON wallets TO %I', service);
  END LOOP;
END $$;
