import { ago, duration, until } from "../text/time.ts";
import { useClock } from "./now.ts";

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** How long ago it was; the exact moment on hover. */
export function Ago({ at }: { at: string | null }) {
  const text = useClock((now) => (at === null ? "never" : ago(at, now)));
  return at === null ? (
    <span className="quiet">never</span>
  ) : (
    <time dateTime={at} title={exact.format(new Date(at))}>
      {text}
    </time>
  );
}

/** How long until then. */
export function Until({ at }: { at: string }) {
  const text = useClock((now) => until(at, now));
  return (
    <time dateTime={at} title={exact.format(new Date(at))}>
      {text}
    </time>
  );
}

/** How long it has lasted since then. */
export function Since({ at }: { at: string }) {
  const text = useClock((now) => duration((now - Date.parse(at)) / 1000));
  return (
    <time dateTime={at} title={exact.format(new Date(at))}>
      {text}
    </time>
  );
}

/** The clock time, with the date if it was not today. */
export function Clock({ at }: { at: string }) {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  const text = isToday
    ? date.toLocaleTimeString(undefined, { hour12: false })
    : `${date.toLocaleDateString(undefined, { month: "short", day: "numeric" })} ${date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hour12: false })}`;
  return (
    <time dateTime={at} title={exact.format(date)} className="nowrap">
      {text}
    </time>
  );
}
