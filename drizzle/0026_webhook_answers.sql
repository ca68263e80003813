ALTER TABLE "webhook_messages" ADD COLUMN "tried_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "webhook_messages" ADD COLUMN "http_status" smallint;--> statement-breakpoint
CREATE INDEX "webhook_messages_latest" ON "webhook_messages" USING btree (coalesce(tried_at, created_at));