ALTER TABLE "settings" ADD COLUMN "tuned" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "keep_until" timestamp with time zone;