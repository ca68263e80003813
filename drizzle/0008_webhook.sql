CREATE TABLE "webhook_messages" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"type" text NOT NULL,
	"data" jsonb NOT NULL,
	"once" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"not_before" timestamp with time zone DEFAULT now() NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"error" text,
	"outcome" text,
	"ended_at" timestamp with time zone,
	CONSTRAINT "webhook_messages_outcome" CHECK (("webhook_messages"."outcome" is null) = ("webhook_messages"."ended_at" is null)),
	CONSTRAINT "webhook_messages_outcomes" CHECK ("webhook_messages"."outcome" in ('delivered', 'given_up'))
);
--> statement-breakpoint
CREATE TABLE "webhook_receiver" (
	"only" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"sender" uuid,
	"busy_until" timestamp with time zone,
	"failures" integer DEFAULT 0 NOT NULL,
	"hold_until" timestamp with time zone,
	"gone" text,
	CONSTRAINT "webhook_receiver_only_one" CHECK ("webhook_receiver"."only")
);
--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_messages_once" ON "webhook_messages" USING btree ("once");--> statement-breakpoint
CREATE INDEX "webhook_messages_due" ON "webhook_messages" USING btree ("attempts","created_at") WHERE ended_at is null;--> statement-breakpoint
CREATE INDEX "webhook_messages_ended" ON "webhook_messages" USING btree ("ended_at") WHERE ended_at is not null;