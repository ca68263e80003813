UPDATE "nodes" SET "highest_machine_number" = greatest("highest_machine_number",
  coalesce((SELECT max("number") FROM "machines" WHERE "machines"."node" = "nodes"."name"), 0));
