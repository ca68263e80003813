import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { announce } from "./toasts.ts";

/** Something that a person does: one at a time, its failure kept to be shown, all that may have changed read again. */
export type Act = {
  busy: boolean;
  error: unknown;
  clear: () => void;
  /** `done` is announced; whether it went well is returned. */
  run: <T>(what: () => Promise<T>, done?: (result: T) => string | null) => Promise<boolean>;
};

export function useAct(): Act {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const run: Act["run"] = useCallback(
    async (what, done) => {
      setBusy(true);
      setError(null);
      try {
        const result = await what();
        const words = done?.(result) ?? null;
        if (words !== null) announce(words);
        void client.invalidateQueries();
        return true;
      } catch (failure) {
        setError(failure);
        return false;
      } finally {
        setBusy(false);
      }
    },
    [client],
  );
  const clear = useCallback(() => setError(null), []);
  return { busy, error, clear, run };
}
