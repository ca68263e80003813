import { type ReactNode, useEffect, useId } from "react";

/** A page: its title in the window too, and what can be done beside it. */
export function Page({
  title,
  actions,
  className,
  children,
}: {
  title: string;
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Warmpool`;
  }, [title]);
  return (
    <div className={`page ${className ?? ""}`}>
      <header>
        <h1>{title}</h1>
        {actions === undefined ? null : <div className="row">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** A framed part of a page. */
export function Card({
  title,
  side,
  plain,
  children,
}: {
  title: ReactNode;
  side?: ReactNode;
  /** Without inner space, for tables. */
  plain?: boolean;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className="card" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {side}
      </header>
      {plain === true ? children : <div className="body">{children}</div>}
    </section>
  );
}

/** Names and values; those without a value are left out. */
export function Facts({ of }: { of: [name: string, value: ReactNode][] }) {
  const shown = of.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return (
    <dl className="facts">
      {shown.map(([name, value]) => (
        <FactRow key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function FactRow({ name, value }: { name: string; value: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** A table in a box that scrolls sideways by itself, reachable by keyboard. */
export function Table({
  label,
  head,
  children,
}: {
  label: string;
  head: [title: string, className?: string][];
  children: ReactNode;
}) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table-box" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {head.map(([title, className]) => (
              <th key={title} scope="col" className={className}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
