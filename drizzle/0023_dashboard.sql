CREATE TABLE "pool_samples" (
	"pool" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"machines" jsonb NOT NULL,
	"waiting" integer NOT NULL,
	"claims" jsonb NOT NULL,
	"durations" jsonb NOT NULL,
	CONSTRAINT "pool_samples_pool_at_pk" PRIMARY KEY("pool","at")
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"kind" text NOT NULL,
	"hash" text NOT NULL,
	"token" uuid,
	"mark" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "sessions_kind" CHECK ("sessions"."kind" in ('session', 'code')),
	CONSTRAINT "sessions_token_or_mark" CHECK (("sessions"."token" is null) = ("sessions"."mark" is not null))
);
--> statement-breakpoint
CREATE TABLE "tester_pages" (
	"assignment" uuid PRIMARY KEY NOT NULL,
	"hash" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_token_tokens_id_fk" FOREIGN KEY ("token") REFERENCES "public"."tokens"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tester_pages" ADD CONSTRAINT "tester_pages_assignment_assignments_id_fk" FOREIGN KEY ("assignment") REFERENCES "public"."assignments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "pool_samples_at" ON "pool_samples" USING btree ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "sessions_hash" ON "sessions" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "sessions_token" ON "sessions" USING btree ("token");--> statement-breakpoint
CREATE INDEX "sessions_expiry" ON "sessions" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "tester_pages_hash" ON "tester_pages" USING btree ("hash");--> statement-breakpoint
CREATE INDEX "tester_pages_expiry" ON "tester_pages" USING btree ("expires_at");