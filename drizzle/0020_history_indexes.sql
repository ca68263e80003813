DROP INDEX "assignments_newest";--> statement-breakpoint
CREATE INDEX "assignments_tester" ON "assignments" USING btree ("pool","username","seq");--> statement-breakpoint
CREATE INDEX "assignments_set_up" ON "assignments" USING btree ("recipe","recipe_version","seq") WHERE active_at is not null;--> statement-breakpoint
CREATE INDEX "assignments_held" ON "assignments" USING btree ("pool","seq") WHERE state = 'released' and claimed_at is not null;--> statement-breakpoint
CREATE INDEX "assignments_newest" ON "assignments" USING btree ("seq");