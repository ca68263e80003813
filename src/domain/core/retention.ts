import { sql } from "drizzle-orm";
import { settingOf } from "./settings.ts";

/** What ended before this is forgotten by the sweep. */
export const KEPT = sql`now() - make_interval(days => ${settingOf("eventRetentionDays")})`;
