CREATE TABLE "inference_answers" (
	"account_id" text NOT NULL,
	"request_id" text NOT NULL,
	"body_sha256" text NOT NULL,
	"answer" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "inference_answers_account_id_request_id_pk" PRIMARY KEY("account_id","request_id")
);
--> statement-breakpoint
CREATE INDEX "inference_answers_age" ON "inference_answers" USING btree ("created_at");