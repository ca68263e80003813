ALTER TABLE "assignments" ADD COLUMN "claimed_at" timestamp with time zone;--> statement-breakpoint
UPDATE "assignments" SET "claimed_at" = least("setup_at", CASE WHEN "attempt" > "swaps" + 1 THEN (
  SELECT max("at") FROM "events" WHERE "events"."assignment" = "assignments"."id" AND "kind" = 'assignment' AND "after" = 'setting_up'
    AND "reason" IN ('asked_for', 'claimed')) END) WHERE "setup_at" IS NOT NULL;
