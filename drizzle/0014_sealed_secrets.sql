ALTER TABLE "assignments" ADD COLUMN "secrets" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "assignments" ADD COLUMN "secret_marks" jsonb DEFAULT '{}'::jsonb NOT NULL;