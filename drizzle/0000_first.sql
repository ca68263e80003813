CREATE SEQUENCE "public"."fencing" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "assignments" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "assignments_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"pool" text NOT NULL,
	"username" text NOT NULL,
	"external_id" text,
	"state" text NOT NULL,
	"machine" uuid,
	"ssh_keys" jsonb NOT NULL,
	"params" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"recipe" text NOT NULL,
	"recipe_version" text NOT NULL,
	"ttl_seconds" integer,
	"outputs" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"step" jsonb,
	"attempt" integer DEFAULT 0 NOT NULL,
	"setup_at" timestamp with time zone,
	"logged_in_at" timestamp with time zone,
	"swaps" integer DEFAULT 0 NOT NULL,
	"error" jsonb,
	"handover" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"active_at" timestamp with time zone,
	"expires_at" timestamp with time zone,
	"released_at" timestamp with time zone,
	"access_ended_at" timestamp with time zone,
	CONSTRAINT "assignments_state" CHECK ("assignments"."state" in ('waiting', 'setting_up', 'active', 'failed', 'released')),
	CONSTRAINT "assignments_holds_machine" CHECK ("assignments"."state" = 'released' or ("assignments"."state" = 'waiting') = ("assignments"."machine" is null)),
	CONSTRAINT "assignments_released" CHECK (("assignments"."state" = 'released') = ("assignments"."released_at" is not null)),
	CONSTRAINT "assignments_failed_says_why" CHECK ("assignments"."state" <> 'failed' or "assignments"."error" is not null)
);
--> statement-breakpoint
CREATE TABLE "setup_logs" (
	"assignment" uuid NOT NULL,
	"machine" uuid NOT NULL,
	"start_byte" bigint NOT NULL,
	"end_byte" bigint NOT NULL,
	"text" text NOT NULL,
	CONSTRAINT "setup_logs_assignment_machine_start_byte_pk" PRIMARY KEY("assignment","machine","start_byte"),
	CONSTRAINT "setup_logs_order" CHECK ("setup_logs"."end_byte" > "setup_logs"."start_byte")
);
--> statement-breakpoint
CREATE TABLE "testers" (
	"pool" text NOT NULL,
	"username" text NOT NULL,
	"assignment" uuid,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "testers_pool_username_pk" PRIMARY KEY("pool","username")
);
--> statement-breakpoint
CREATE TABLE "duties" (
	"duty" text PRIMARY KEY NOT NULL,
	"last_start_at" timestamp with time zone NOT NULL,
	"last_end_at" timestamp with time zone,
	"outcome" text,
	"changes" integer DEFAULT 0 NOT NULL,
	"error" text
);
--> statement-breakpoint
CREATE TABLE "settings" (
	"only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"installation" uuid DEFAULT gen_random_uuid() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "settings_only_one" CHECK ("settings"."only")
);
--> statement-breakpoint
CREATE TABLE "tokens" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"node" text,
	"hash" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"used_at" timestamp with time zone,
	CONSTRAINT "tokens_role" CHECK ("tokens"."role" in ('app', 'admin', 'node', 'join')),
	CONSTRAINT "tokens_node" CHECK (("tokens"."role" in ('node', 'join')) = ("tokens"."node" is not null))
);
--> statement-breakpoint
CREATE TABLE "machines" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"number" bigint GENERATED ALWAYS AS IDENTITY (sequence name "machines_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"pool" text NOT NULL,
	"node" text NOT NULL,
	"state" text DEFAULT 'provisioning' NOT NULL,
	"phase" text,
	"port" integer NOT NULL,
	"http_port" integer NOT NULL,
	"dial_host" text,
	"dial_port" integer,
	"access_host" text,
	"access_port" integer,
	"host_key" jsonb,
	"driver" text,
	"driver_ref" text,
	"machine_spec" text NOT NULL,
	"strikes" integer DEFAULT 0 NOT NULL,
	"suspect_since" timestamp with time zone,
	"ready_at" timestamp with time zone,
	"deleting_since" timestamp with time zone,
	"receipt" jsonb,
	"evidence" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_at" timestamp with time zone,
	CONSTRAINT "machines_state" CHECK ("machines"."state" in ('provisioning', 'ready', 'suspect', 'assigned', 'held', 'deleting', 'deleted')),
	CONSTRAINT "machines_gone_by_receipt" CHECK (("machines"."state" = 'deleted') = ("machines"."receipt" is not null)),
	CONSTRAINT "machines_ready_is_reachable" CHECK ("machines"."state" not in ('ready', 'assigned', 'suspect') or ("machines"."ready_at" is not null and "machines"."host_key" is not null and "machines"."dial_host" is not null and "machines"."dial_port" is not null and "machines"."access_host" is not null and "machines"."access_port" is not null)),
	CONSTRAINT "machines_suspect_since" CHECK ("machines"."state" <> 'suspect' or "machines"."suspect_since" is not null),
	CONSTRAINT "machines_phase" CHECK (("machines"."state" = 'provisioning') = ("machines"."phase" is not null))
);
--> statement-breakpoint
CREATE TABLE "nodes" (
	"name" text PRIMARY KEY NOT NULL,
	"state" text DEFAULT 'enrolled' NOT NULL,
	"session" uuid,
	"session_at" timestamp with time zone,
	"last_seen_at" timestamp with time zone,
	"driver" text,
	"driver_version" text,
	"relay_version" text,
	"ssh_public_key" text,
	"highest_machine_number" bigint DEFAULT 0 NOT NULL,
	"inventory" jsonb,
	"inventory_at" timestamp with time zone,
	"listing" jsonb,
	"last_probe_at" timestamp with time zone,
	"not_alive" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "nodes_state" CHECK ("nodes"."state" in ('enrolled', 'online', 'returning', 'silent'))
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"kind" text NOT NULL,
	"actor" text NOT NULL,
	"reason" text NOT NULL,
	"pool" text,
	"node" text,
	"machine" uuid,
	"assignment" uuid,
	"operation" uuid,
	"before" text,
	"after" text,
	"data" jsonb
);
--> statement-breakpoint
CREATE TABLE "operations" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"kind" text NOT NULL,
	"state" text DEFAULT 'queued' NOT NULL,
	"node" text NOT NULL,
	"machine" uuid,
	"assignment" uuid,
	"attempt" integer DEFAULT 0 NOT NULL,
	"token" bigint,
	"session" uuid,
	"lease_until" timestamp with time zone,
	"first_leased_at" timestamp with time zone,
	"not_before" timestamp with time zone DEFAULT now() NOT NULL,
	"error" text,
	"result" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone,
	CONSTRAINT "operations_kind" CHECK ("operations"."kind" in ('create', 'setup', 'delete', 'probe')),
	CONSTRAINT "operations_state" CHECK ("operations"."state" in ('queued', 'leased', 'cancelling', 'succeeded', 'failed', 'cancelled')),
	CONSTRAINT "operations_lease" CHECK ("operations"."state" not in ('leased', 'cancelling') or ("operations"."token" is not null and "operations"."session" is not null and "operations"."lease_until" is not null)),
	CONSTRAINT "operations_subject" CHECK (("operations"."kind" = 'probe') = ("operations"."machine" is null)),
	CONSTRAINT "operations_setup_is_for" CHECK (("operations"."kind" = 'setup') = ("operations"."assignment" is not null)),
	CONSTRAINT "operations_finished" CHECK (("operations"."state" in ('succeeded', 'failed', 'cancelled')) = ("operations"."finished_at" is not null))
);
--> statement-breakpoint
CREATE TABLE "pools" (
	"name" text PRIMARY KEY NOT NULL,
	"spec" jsonb NOT NULL,
	"target_size" integer GENERATED ALWAYS AS ((spec ->> 'targetSize')::integer) STORED NOT NULL,
	"max_size" integer GENERATED ALWAYS AS ((spec ->> 'maxSize')::integer) STORED NOT NULL,
	"machine_spec" text NOT NULL,
	"paused" boolean DEFAULT false NOT NULL,
	"create_failures" integer DEFAULT 0 NOT NULL,
	"create_not_before" timestamp with time zone,
	"conditions" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pools_sizes" CHECK ("pools"."target_size" >= 0 and "pools"."max_size" >= "pools"."target_size"),
	CONSTRAINT "pools_name" CHECK ("pools"."name" = "pools"."spec" ->> 'name')
);
--> statement-breakpoint
CREATE TABLE "recipes" (
	"name" text NOT NULL,
	"version" text NOT NULL,
	"content" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"put_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "recipes_name_version_pk" PRIMARY KEY("name","version")
);
--> statement-breakpoint
ALTER TABLE "assignments" ADD CONSTRAINT "assignments_machine_machines_id_fk" FOREIGN KEY ("machine") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "assignments" ADD CONSTRAINT "assignments_pool_username_testers_pool_username_fk" FOREIGN KEY ("pool","username") REFERENCES "public"."testers"("pool","username") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "assignments" ADD CONSTRAINT "assignments_recipe_recipe_version_recipes_name_version_fk" FOREIGN KEY ("recipe","recipe_version") REFERENCES "public"."recipes"("name","version") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "setup_logs" ADD CONSTRAINT "setup_logs_assignment_assignments_id_fk" FOREIGN KEY ("assignment") REFERENCES "public"."assignments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "testers" ADD CONSTRAINT "testers_pool_pools_name_fk" FOREIGN KEY ("pool") REFERENCES "public"."pools"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_pool_pools_name_fk" FOREIGN KEY ("pool") REFERENCES "public"."pools"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "machines" ADD CONSTRAINT "machines_node_nodes_name_fk" FOREIGN KEY ("node") REFERENCES "public"."nodes"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "operations" ADD CONSTRAINT "operations_node_nodes_name_fk" FOREIGN KEY ("node") REFERENCES "public"."nodes"("name") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "operations" ADD CONSTRAINT "operations_machine_machines_id_fk" FOREIGN KEY ("machine") REFERENCES "public"."machines"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "operations" ADD CONSTRAINT "operations_assignment_assignments_id_fk" FOREIGN KEY ("assignment") REFERENCES "public"."assignments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "assignments_one_live_per_tester" ON "assignments" USING btree ("pool","username") WHERE state <> 'released';--> statement-breakpoint
CREATE UNIQUE INDEX "assignments_one_live_per_machine" ON "assignments" USING btree ("machine") WHERE state <> 'released';--> statement-breakpoint
CREATE INDEX "assignments_line" ON "assignments" USING btree ("pool","seq") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "assignments_machine" ON "assignments" USING btree ("machine");--> statement-breakpoint
CREATE INDEX "assignments_expiry" ON "assignments" USING btree ("expires_at") WHERE state = 'active';--> statement-breakpoint
CREATE INDEX "assignments_newest" ON "assignments" USING btree ("seq" DESC NULLS LAST);--> statement-breakpoint
CREATE UNIQUE INDEX "tokens_hash" ON "tokens" USING btree ("hash");--> statement-breakpoint
CREATE UNIQUE INDEX "machines_name" ON "machines" USING btree ("name");--> statement-breakpoint
CREATE UNIQUE INDEX "machines_number" ON "machines" USING btree ("number");--> statement-breakpoint
CREATE UNIQUE INDEX "machines_port" ON "machines" USING btree ("node","port") WHERE state <> 'deleted';--> statement-breakpoint
CREATE UNIQUE INDEX "machines_http_port" ON "machines" USING btree ("node","http_port") WHERE state <> 'deleted';--> statement-breakpoint
CREATE INDEX "machines_claim" ON "machines" USING btree ("pool","machine_spec","ready_at") WHERE state = 'ready';--> statement-breakpoint
CREATE INDEX "machines_live" ON "machines" USING btree ("pool","state") WHERE state <> 'deleted';--> statement-breakpoint
CREATE INDEX "machines_node" ON "machines" USING btree ("node") WHERE state <> 'deleted';--> statement-breakpoint
CREATE INDEX "events_machine" ON "events" USING btree ("machine","id") WHERE machine is not null;--> statement-breakpoint
CREATE INDEX "events_at" ON "events" USING btree ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "operations_one_live_per_machine" ON "operations" USING btree ("machine") WHERE state in ('queued', 'leased', 'cancelling');--> statement-breakpoint
CREATE UNIQUE INDEX "operations_one_live_probe_per_node" ON "operations" USING btree ("node") WHERE kind = 'probe' and state in ('queued', 'leased', 'cancelling');--> statement-breakpoint
CREATE INDEX "operations_live" ON "operations" USING btree ("node","kind") WHERE state in ('queued', 'leased', 'cancelling');--> statement-breakpoint
CREATE INDEX "operations_finished" ON "operations" USING btree ("finished_at") WHERE finished_at is not null;--> statement-breakpoint
CREATE INDEX "recipes_current" ON "recipes" USING btree ("name","put_at" DESC NULLS LAST);