import { index, jsonb, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/** Answers given to other services, so that a call repeated under its request id is neither made nor paid again. */
export const inferenceAnswers = pgTable(
  'inference_answers',
  {
    accountId: text('account_id').notNull(),
    requestId: text('request_id').notNull(),
    bodySha256: text('body_sha256').notNull(),
    answer: jsonb('answer').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3, mode: 'date' }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.requestId] }), index('inference_answers_age').on(t.createdAt)],
);
