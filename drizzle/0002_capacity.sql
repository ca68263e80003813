ALTER TABLE "machines" ADD COLUMN "shape" jsonb;--> statement-breakpoint
UPDATE "machines" SET "shape" = (SELECT p.spec -> 'shape' FROM "pools" p WHERE p.name = "machines"."pool");--> statement-breakpoint
ALTER TABLE "machines" ALTER COLUMN "shape" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "nodes" ADD COLUMN "full" jsonb DEFAULT '{}'::jsonb NOT NULL;
