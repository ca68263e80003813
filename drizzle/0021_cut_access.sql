ALTER TABLE "operations" DROP CONSTRAINT "operations_kind";--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "cut" jsonb;--> statement-breakpoint
ALTER TABLE "operations" ADD CONSTRAINT "operations_kind" CHECK ("operations"."kind" in ('create', 'setup', 'delete', 'restart', 'cut', 'probe'));