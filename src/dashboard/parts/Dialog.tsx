import { type ReactNode, useEffect, useId, useRef } from "react";

/** A native dialog: the browser keeps the focus in it, closes it on Escape, and gives the focus back. */
export function Dialog({
  title,
  wide,
  onClose,
  children,
}: {
  title: string;
  wide?: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current;
    if (dialog === null || dialog.open) return;
    dialog.showModal();
    // Not "Close", which comes first: whoever opened it wants to write.
    dialog.querySelector<HTMLElement>(".dialog-body :is(input, select, textarea)")?.focus();
    return () => dialog.close();
  }, []);
  return (
    <dialog
      ref={element}
      aria-labelledby={id}
      className={wide === true ? "wide" : undefined}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" className="button small bare" onClick={onClose} aria-label="Close">
          Close
        </button>
      </header>
      {children}
    </dialog>
  );
}
