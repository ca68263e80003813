import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { queries } from "../server/queries.ts";
import { signOut } from "../server/session.ts";
import { Glyph, type GlyphName } from "./Glyph.tsx";
import { Mark } from "./Mark.tsx";
import { ended, useSession } from "./session.ts";

const PAGES: [path: string, name: string, glyph: GlyphName][] = [
  ["/", "Overview", "overview"],
  ["/machines", "Machines", "machines"],
  ["/testers", "Testers", "testers"],
  ["/capacity", "Capacity", "capacity"],
  ["/nodes", "Nodes", "nodes"],
  ["/events", "Events", "events"],
  ["/settings", "Settings", "settings"],
];

/** The way to every page; on a phone a bar at the bottom. */
export function Rail({ onSearch, onKeys }: { onSearch: () => void; onKeys: () => void }) {
  const [path] = useLocation();
  const session = useSession();
  const waiting = useQuery(queries.pools()).data?.reduce((sum, pool) => sum + pool.waiting, 0) ?? 0;
  const leave = () => {
    signOut().then(ended, ended);
  };
  return (
    <div className="rail">
      <Link href="/" className="brand">
        <Mark />
        Warmpool
      </Link>
      <nav aria-label="Pages">
        <ul>
          {PAGES.map(([href, name, glyph]) => (
            <li key={href}>
              <Link href={href} aria-current={isIn(path, href) ? "page" : undefined}>
                <Glyph name={glyph} />
                {name}
                {href === "/testers" && waiting > 0 ? (
                  <span className="tally" title={`${waiting} waiting`}>
                    {waiting}
                    <span className="unseen"> waiting</span>
                  </span>
                ) : null}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <footer>
        <div className="row">
          <button type="button" className="button small bare" onClick={onSearch}>
            Search <kbd>/</kbd>
          </button>
          <button type="button" className="button small bare" onClick={onKeys}>
            Keys <kbd>?</kbd>
          </button>
        </div>
        <span className="cut" title={session?.name}>
          {session?.name} ({session?.role})
        </span>
        <div className="row">
          <button type="button" className="button small bare" onClick={leave}>
            Sign out
          </button>
        </div>
      </footer>
    </div>
  );
}

/** A pool's page is below the overview, which lists the pools. */
function isIn(path: string, href: string): boolean {
  return href === "/"
    ? path === "/" || path.startsWith("/pools/")
    : path === href || path.startsWith(`${href}/`);
}
