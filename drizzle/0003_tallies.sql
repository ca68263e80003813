CREATE TABLE "tallies" (
	"metric" text NOT NULL,
	"labels" jsonb NOT NULL,
	"le" double precision NOT NULL,
	"count" bigint NOT NULL,
	"sum" double precision NOT NULL,
	CONSTRAINT "tallies_metric_labels_le_pk" PRIMARY KEY("metric","labels","le")
);
--> statement-breakpoint
ALTER TABLE "events" ADD COLUMN "counted" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "counted" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "events_uncounted" ON "events" USING btree ("id") WHERE not counted and (kind = 'assignment' and reason in ('asked_for', 'claimed', 'swapped', 'set_up') or kind = 'machine' and reason = 'known_good');--> statement-breakpoint
CREATE INDEX "operations_uncounted" ON "operations" USING btree ("id") WHERE finished_at is not null and not counted;