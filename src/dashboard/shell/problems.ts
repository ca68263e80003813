import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { queries } from "../server/queries.ts";
import { type Cure, type Problem, problemsOf } from "../text/status.ts";

/** What to do about each condition is pages of text: they are read when everything else has been. */
let cures: Promise<Cure> | null = null;

function useCure(): Cure {
  const [cure, setCure] = useState<Cure>(() => () => "");
  useEffect(() => {
    cures ??= import("../../contract/conditions.ts").then(({ actionFor }) => actionFor);
    cures.then(
      (known) => setCure(() => known),
      () => undefined,
    );
  }, []);
  return cure;
}

/** Everything that is wrong, worst first; null until all that it is judged by has been read. */
export function useProblems(): Problem[] | null {
  const { data: pools } = useQuery(queries.pools());
  const { data: nodes } = useQuery(queries.nodes());
  const { data: duties } = useQuery(queries.duties());
  const { data: testers } = useQuery(queries.testers());
  const cure = useCure();
  return useMemo(() => {
    if (pools === undefined || nodes === undefined || duties === undefined || testers === undefined)
      return null;
    const failed = testers.filter(({ state }) => state === "failed");
    return problemsOf({ pools, nodes, duties, failed }, cure, Date.now());
  }, [cure, pools, nodes, duties, testers]);
}
