DROP INDEX "assignments_expiry";--> statement-breakpoint
ALTER TABLE "assignments" ADD COLUMN "failed_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "assignments" ADD COLUMN "warn_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "assignments_warnings" ON "assignments" USING btree ("warn_at") WHERE warn_at is not null;--> statement-breakpoint
CREATE INDEX "assignments_expiry" ON "assignments" USING btree ("expires_at") WHERE state in ('active', 'failed');--> statement-breakpoint
UPDATE "assignments" SET "warn_at" = "expires_at" - make_interval(secs =>
  least("ttl_seconds" / 2.0, greatest(120, least(3600, "ttl_seconds" * 0.1))))
  WHERE "state" = 'active' AND "expires_at" IS NOT NULL;--> statement-breakpoint
UPDATE "assignments" SET "failed_at" = now(), "expires_at" = now() + interval '24 hours', "warn_at" = now() + interval '23 hours'
  WHERE "state" = 'failed';
