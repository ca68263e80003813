import { linkOf, plain, sortedOutputs } from "../text/foreign.ts";

/** What a set-up has put out. It comes from a machine: text, and a link only if it is http or https. */
export function Outputs({ outputs }: { outputs: Readonly<Record<string, string>> }) {
  const sorted = sortedOutputs(outputs);
  if (sorted.length === 0) return <p className="quiet">None.</p>;
  return (
    <dl className="facts">
      {sorted.map(([name, value]) => (
        <Output key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function Output({ name, value }: { name: string; value: string }) {
  const link = linkOf(value);
  return (
    <div>
      <dt className="mono">{plain(name)}</dt>
      <dd className="mono">
        {link === null ? (
          plain(value)
        ) : (
          <a href={link} target="_blank" rel="noopener noreferrer">
            {plain(value)}
          </a>
        )}
      </dd>
    </div>
  );
}
