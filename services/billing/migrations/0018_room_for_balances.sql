-- Balances and holds change often: with room on their pages a new version stays beside the old one, and no index changes.
ALTER TABLE wallets SET (fillfactor = 50);
--> statement-breakpoint
ALTER TABLE holds SET (fillfactor = 70);
