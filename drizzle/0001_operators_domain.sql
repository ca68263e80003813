ALTER TABLE "tokens" DROP CONSTRAINT "tokens_role";--> statement-breakpoint
ALTER TABLE "nodes" DROP CONSTRAINT "nodes_state";--> statement-breakpoint
ALTER TABLE "tokens" ADD COLUMN "last_used_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "hold" jsonb;--> statement-breakpoint
ALTER TABLE "nodes" ADD COLUMN "scheduling" text DEFAULT 'open' NOT NULL;--> statement-breakpoint
ALTER TABLE "pools" ADD COLUMN "removed_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "events_assignment" ON "events" USING btree ("assignment","id") WHERE assignment is not null;--> statement-breakpoint
ALTER TABLE "tokens" ADD CONSTRAINT "tokens_role" CHECK ("tokens"."role" in ('app', 'admin', 'viewer', 'node', 'join'));--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_hold" CHECK ("machines"."hold" is null or "machines"."state" = 'held');--> statement-breakpoint
ALTER TABLE "nodes" ADD CONSTRAINT "nodes_scheduling" CHECK ("nodes"."scheduling" in ('open', 'draining'));--> statement-breakpoint
ALTER TABLE "nodes" ADD CONSTRAINT "nodes_removed_speaks_no_more" CHECK ("nodes"."state" <> 'removed' or "nodes"."session" is null);--> statement-breakpoint
ALTER TABLE "nodes" ADD CONSTRAINT "nodes_state" CHECK ("nodes"."state" in ('enrolled', 'online', 'returning', 'silent', 'removed'));