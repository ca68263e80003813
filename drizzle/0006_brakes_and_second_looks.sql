CREATE TABLE "brakes" (
	"node" text PRIMARY KEY NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	"dead" integer NOT NULL,
	"answered" integer NOT NULL,
	"cause" text,
	"canary_tries" integer DEFAULT 0 NOT NULL,
	"canary_not_before" timestamp with time zone DEFAULT now() NOT NULL,
	"canary_failure" text,
	"canary_error" text,
	"made_room" uuid,
	"released_at" timestamp with time zone,
	"released_by" text,
	CONSTRAINT "brakes_released" CHECK (("brakes"."released_at" is null) = ("brakes"."released_by" is null))
);
--> statement-breakpoint
DROP INDEX "operations_one_live_probe_per_node";--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "scope" text;--> statement-breakpoint
ALTER TABLE "brakes" ADD CONSTRAINT "brakes_node_nodes_name_fk" FOREIGN KEY ("node") REFERENCES "public"."nodes"("name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "operations_one_live_recheck_per_node" ON "operations" USING btree ("node") WHERE kind = 'probe' and scope = 'suspects' and state in ('queued', 'leased', 'cancelling');--> statement-breakpoint
CREATE UNIQUE INDEX "operations_one_live_probe_per_node" ON "operations" USING btree ("node") WHERE kind = 'probe' and scope is null and state in ('queued', 'leased', 'cancelling');--> statement-breakpoint
ALTER TABLE "operations" ADD CONSTRAINT "operations_scope" CHECK ("operations"."scope" is null or ("operations"."kind" = 'probe' and "operations"."scope" = 'suspects'));