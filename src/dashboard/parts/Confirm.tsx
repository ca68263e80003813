import { type ReactNode, useId, useState } from "react";
import { useAct } from "./act.ts";
import { Dialog } from "./Dialog.tsx";
import { Trouble } from "./Trouble.tsx";

export type Question = {
  title: string;
  /** What goes or changes, by name. */
  body: ReactNode;
  /** The word on the button. */
  verb: string;
  grave?: boolean;
  /** This has to be typed first. */
  typed?: string;
  /** Whether to ask for words for the record. */
  asksNote?: boolean;
  act: (note: string | undefined) => Promise<unknown>;
  /** What is announced when it is done. */
  done: string;
};

/** Asks before something is done, and shows why it could not be. */
export function Confirm({ question, onClose }: { question: Question; onClose: () => void }) {
  const { title, body, verb, grave, typed, asksNote, act, done } = question;
  const [written, setWritten] = useState("");
  const [note, setNote] = useState("");
  const doing = useAct();
  const id = useId();
  const isTyped = typed === undefined || written === typed;
  const submit = async () => {
    const words = note.trim();
    if (
      await doing.run(
        () => act(words === "" ? undefined : words),
        () => done,
      )
    )
      onClose();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isTyped && !doing.busy) void submit();
        }}
      >
        <div className="dialog-body">
          {body}
          {asksNote === true ? (
            <div className="field">
              <label htmlFor={`${id}-note`}>Note for the record (optional)</label>
              <input
                id={`${id}-note`}
                className="input"
                maxLength={500}
                value={note}
                onChange={(event) => setNote(event.target.value)}
              />
            </div>
          ) : null}
          {typed === undefined ? null : (
            <div className="field">
              <label htmlFor={`${id}-typed`}>
                Type <code>{typed}</code> to confirm
              </label>
              <input
                id={`${id}-typed`}
                className="input mono"
                autoComplete="off"
                spellCheck={false}
                value={written}
                onChange={(event) => setWritten(event.target.value)}
              />
            </div>
          )}
          <Trouble error={doing.error} />
        </div>
        <footer>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className={`button main ${grave === true ? "grave" : ""}`}
            disabled={!isTyped || doing.busy}
          >
            {doing.busy ? "Working…" : verb}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
