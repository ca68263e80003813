import { useEffect, useRef, useState } from "react";

/** Text to copy, whole and selectable, with a button. */
export function Copy({ text, label }: { text: string; label: string }) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  const code = useRef<HTMLElement>(null);
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = () => {
    // Outside of https and localhost there is no clipboard: then the text is selected for the person to copy.
    const written = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
    written.then(
      () => setState("copied"),
      () => {
        if (code.current !== null) window.getSelection()?.selectAllChildren(code.current);
        setState("failed");
      },
    );
  };
  return (
    <div className="copyable">
      <code ref={code}>{text}</code>
      <button type="button" className="button small" onClick={copy} aria-label={`Copy ${label}`}>
        {state === "idle" ? "Copy" : state === "copied" ? "Copied" : "Selected"}
      </button>
      <span className="unseen" role="status">
        {state === "copied" ? `${label} copied` : ""}
      </span>
    </div>
  );
}
