ALTER TABLE "settings" ADD COLUMN "default_pool" text;--> statement-breakpoint
ALTER TABLE "recipes" ADD COLUMN "removed_at" timestamp with time zone;