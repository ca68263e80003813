import type { WarmpoolClient } from "../../client/index.ts";

/** What a view that is kept up to date learns of the event stream. */
export type ChangeListener = {
  /** Something has changed, or may have: read again. */
  onChange: () => void;
  /** `following`: changes are reported as they come; otherwise nobody reports any, and the view has to look. */
  onState: (state: "following" | "lost") => void;
};

/**
 * Follows `event.watch` until the returned function is called. A stream that breaks reconnects by itself; one that the
 * server refuses or ends stays lost.
 */
export function followChanges(client: WarmpoolClient, { onChange, onState }: ChangeListener): () => void {
  const subscription = client.event.watch.subscribe(
    {},
    {
      onData: ({ data }) => {
        onState("following");
        if (data.reset || data.hints.length > 0) onChange();
      },
      onConnectionStateChange: ({ state, error }) => {
        if (state === "connecting" && error !== null) onState("lost");
      },
      onError: () => onState("lost"),
      onComplete: () => onState("lost"),
    },
  );
  return () => subscription.unsubscribe();
}
