/** The signs of the rail, 16 by 16, drawn in lines. */
const PATHS = {
  overview: "M2 4.5h12M2 8h8M2 11.5h10",
  machines: "M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z",
  testers:
    "M8 7.5a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5zM2.5 14c.5-3 2.6-4.5 5.5-4.5s5 1.500 5.500 4.500",
  capacity: "M2.500 13.500v-5h3v5zM6.500 13.500v-11h3v11zM10.500 13.500v-8h3v8z",
  nodes: "M2.500 2.500h11v4.500h-11zM2.500 9h11v4.500h-11zM5 4.750h.01M5 11.250h.01",
  events: "M4.500 3.500h9M4.500 8h9M4.500 12.500h9M2 3.500h.01M2 8h.01M2 12.500h.01",
  search: "M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10zM10.6 10.6L14 14",
  settings: "M2 4.500h6M11 4.500h3M2 11.500h3M8 11.500h6M9.500 3v3M6.500 10v3",
} as const;

export type GlyphName = keyof typeof PATHS;

export function Glyph({ name }: { name: GlyphName }) {
  return (
    <svg
      className="glyph"
      viewBox="0 0 16 16"
      aria-hidden="true"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
