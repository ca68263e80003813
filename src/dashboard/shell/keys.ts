import { useEffect } from "react";
import { useLocation } from "wouter";

/** Where `g` and a letter lead. */
export const GO: readonly (readonly [letter: string, path: string, name: string])[] = [
  ["o", "/", "Overview"],
  ["m", "/machines", "Machines"],
  ["t", "/testers", "Testers"],
  ["c", "/capacity", "Capacity"],
  ["n", "/nodes", "Nodes"],
  ["e", "/events", "Events"],
  ["s", "/settings", "Settings"],
];

const CHORD_MS = 1500;

/** The keys of the whole dashboard: not while somebody types, nor with a dialog open. */
export function useKeys({ search, keys }: { search: () => void; keys: () => void }): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    let went = 0;
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("dialog[open]") !== null) return;
      if (event.key === "g") {
        went = Date.now();
        return;
      }
      const target = Date.now() - went < CHORD_MS ? GO.find(([letter]) => letter === event.key) : undefined;
      went = 0;
      if (target !== undefined) navigate(target[1]);
      else if (event.key === "/") search();
      else if (event.key === "?") keys();
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [navigate, search, keys]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null
  );
}
