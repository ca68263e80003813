/** Four lanes, one of them still empty. */
export function Mark() {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <rect width="16" height="16" rx="3" fill="var(--accent-fill)" />
      <path fill="#bfe9f2" d="M3 4h4v3H3zM9 4h4v3H9zM3 9h4v3H3z" />
      <path fill="none" stroke="#bfe9f2" d="M9.5 9.5h3v2h-3z" />
    </svg>
  );
}
