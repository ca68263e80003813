ALTER TABLE "operations" DROP CONSTRAINT "operations_kind";--> statement-breakpoint
ALTER TABLE "operations" DROP CONSTRAINT "operations_subject";--> statement-breakpoint
DROP INDEX "machines_made_once";--> statement-breakpoint
ALTER TABLE "machines" ADD COLUMN "imported_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "record" jsonb;--> statement-breakpoint
CREATE UNIQUE INDEX "operations_one_live_import_per_machine" ON "operations" USING btree ("node",("record" ->> 'machine')) WHERE record is not null and state in ('queued', 'leased', 'cancelling');--> statement-breakpoint
CREATE UNIQUE INDEX "machines_made_once" ON "machines" USING btree ("name") WHERE adopted_at is null and imported_at is null;--> statement-breakpoint
ALTER TABLE "operations" ADD CONSTRAINT "operations_record" CHECK (("operations"."kind" in ('import', 'unmark')) = ("operations"."record" is not null));--> statement-breakpoint
ALTER TABLE "operations" ADD CONSTRAINT "operations_kind" CHECK ("operations"."kind" in ('create', 'setup', 'delete', 'restart', 'cut', 'import', 'unmark', 'probe'));--> statement-breakpoint
ALTER TABLE "operations" ADD CONSTRAINT "operations_subject" CHECK (("operations"."kind" in ('import', 'unmark', 'probe')) = ("operations"."machine" is null));