import { errorCode } from "../../client/index.ts";

/** The answer, or null if the token's role may not ask: the main app's sees pools and testers alone. */
export async function ifAllowed<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (errorCode(error) === "FORBIDDEN") return null;
    throw error;
  }
}
