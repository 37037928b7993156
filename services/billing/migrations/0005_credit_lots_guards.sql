-- The platform's side of credit: who gives it, and who gets what expires.
INSERT INTO accounts (id, kind, currency, created_at) VALUES
  ('platform:breakage', 'breakage', 'CNY', now()),
  ('platform:credit:promotional', 'credit', 'CNY', now()),
  ('platform:credit:voucher', 'credit', 'CNY', now()),
  ('platform:credit:compensation', 'credit', 'CNY', now());
