ALTER TABLE "machines" ADD COLUMN "create_seconds" double precision;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "delete_seconds" double precision;