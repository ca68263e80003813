import { z } from "zod";

/** A new token for the main app or an admin; its text is in the answer and nowhere else. */
export const createTokenInput = z.strictObject({
  name: z.string().trim().min(1, "must not be empty").max(100),
  role: z.enum(["app", "admin"]),
});

export type CreatedToken = { id: string; name: string; role: "app" | "admin"; token: string };
