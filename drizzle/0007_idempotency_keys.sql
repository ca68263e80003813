CREATE TABLE "idempotency_keys" (
	"holder" text NOT NULL,
	"key" text NOT NULL,
	"fingerprint" text NOT NULL,
	"taken_at" timestamp with time zone DEFAULT now() NOT NULL,
	"status" integer,
	"body" jsonb,
	CONSTRAINT "idempotency_keys_holder_key_pk" PRIMARY KEY("holder","key"),
	CONSTRAINT "idempotency_keys_answer" CHECK ("idempotency_keys"."status" is null or "idempotency_keys"."status" between 200 and 499)
);
--> statement-breakpoint
CREATE INDEX "idempotency_keys_age" ON "idempotency_keys" USING btree ("taken_at");