DROP INDEX "machines_name";--> statement-breakpoint
ALTER TABLE "machines" ALTER COLUMN "pool" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "machines" ALTER COLUMN "port" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "machines" ALTER COLUMN "http_port" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "machines" ALTER COLUMN "machine_spec" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "adopted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "nodes" ADD COLUMN "orphans" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "nodes" ADD COLUMN "orphan_brake" jsonb;--> statement-breakpoint
CREATE INDEX "machines_named" ON "machines" USING btree ("name");--> statement-breakpoint
CREATE UNIQUE INDEX "machines_made_once" ON "machines" USING btree ("name") WHERE adopted_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "machines_live_name" ON "machines" USING btree ("name") WHERE state <> 'deleted';--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_made_or_adopted" CHECK (case when "machines"."adopted_at" is null then "machines"."pool" is not null and "machines"."port" is not null and "machines"."http_port" is not null and "machines"."machine_spec" is not null else "machines"."pool" is null and "machines"."state" in ('deleting', 'deleted') end);