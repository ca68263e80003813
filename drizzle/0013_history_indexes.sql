CREATE INDEX "assignments_claims" ON "assignments" USING btree ("pool","created_at");--> statement-breakpoint
CREATE INDEX "machines_fingerprint" ON "machines" USING btree (("host_key" ->> 'fingerprint')) WHERE host_key is not null;--> statement-breakpoint
CREATE INDEX "machines_were_ready" ON "machines" USING btree ("pool","number") WHERE ready_at is not null;--> statement-breakpoint
CREATE INDEX "machines_evidence" ON "machines" USING btree ("pool","number") WHERE evidence is not null;