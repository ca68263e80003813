import { type ReactNode, useId, useState } from "react";
import { readDuration, writeDuration } from "../text/time.ts";

/** Fields of the spec's form. */
function Field({
  label,
  hint,
  children,
}: {
  label: string;
  hint?: string | null;
  children: (id: string) => ReactNode;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {hint === undefined || hint === null ? null : <span className="hint">{hint}</span>}
    </div>
  );
}

export function TextField({
  label,
  value,
  set,
}: {
  label: string;
  value: string;
  set: (value: string) => void;
}) {
  return (
    <Field label={label}>
      {(id) => (
        <input
          id={id}
          className="input mono"
          autoComplete="off"
          spellCheck={false}
          value={value}
          onChange={(event) => set(event.target.value)}
        />
      )}
    </Field>
  );
}

export function NumberField({
  label,
  value,
  set,
}: {
  label: string;
  value: number;
  set: (value: number) => void;
}) {
  return (
    <Field label={label}>
      {(id) => (
        <input
          id={id}
          className="input"
          type="number"
          min={0}
          step={1}
          value={value}
          onChange={(event) => set(event.target.valueAsNumber || 0)}
        />
      )}
    </Field>
  );
}

/** A duration as `1h30m`, or nothing; `none` says what nothing means. What is no duration is not taken over. */
export function DurationField({
  label,
  value,
  none,
  set,
}: {
  label: string;
  value: number | undefined;
  none: string;
  set: (value: number | undefined) => void;
}) {
  const written = value === undefined ? "" : writeDuration(value);
  const [text, setText] = useState<string | null>(null);
  const shown = text ?? written;
  const seconds = shown.trim() === "" ? undefined : readDuration(shown);
  return (
    <Field label={label} hint={seconds === null ? "Write it as 30m, 2h, 7d or 1h30m." : null}>
      {(id) => (
        <input
          id={id}
          className="input"
          placeholder={none}
          aria-invalid={seconds === null}
          value={shown}
          onChange={(event) => {
            setText(event.target.value);
            const next = event.target.value.trim() === "" ? undefined : readDuration(event.target.value);
            if (next !== null) set(next);
          }}
          onBlur={() => {
            if (seconds !== null) setText(null);
          }}
        />
      )}
    </Field>
  );
}

export function CheckField({
  label,
  value,
  set,
}: {
  label: string;
  value: boolean;
  set: (value: boolean) => void;
}) {
  return (
    <label className="check">
      <input type="checkbox" checked={value} onChange={(event) => set(event.target.checked)} />
      {label}
    </label>
  );
}
