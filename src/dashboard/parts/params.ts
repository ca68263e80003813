import { useCallback } from "react";
import { useSearchParams } from "wouter";

/** A value that the address holds; the default is left out of it. */
export function useParam(name: string, usual = ""): [string, (value: string) => void] {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (value: string) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          if (value === usual) next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      ),
    [name, usual, setParams],
  );
  return [params.get(name) ?? usual, set];
}

/** `path` with the filters of the present address. */
export function useKept(): (path: string) => string {
  const [params] = useSearchParams();
  const query = params.toString();
  return (path) => (query === "" ? path : `${path}?${query}`);
}
