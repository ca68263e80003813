ALTER TABLE "nodes" ADD COLUMN "concurrency" integer;--> statement-breakpoint
ALTER TABLE "nodes" ADD COLUMN "silence_seconds" integer;--> statement-breakpoint
ALTER TABLE "nodes" ADD COLUMN "driver_concurrency" integer;