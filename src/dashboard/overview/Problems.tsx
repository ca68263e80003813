import { Link } from "wouter";
import { Card } from "../parts/Layout.tsx";
import { Since } from "../parts/Time.tsx";
import { Tone } from "../parts/Tone.tsx";
import { Words } from "../parts/Words.tsx";
import { useProblems } from "../shell/problems.ts";
import { count } from "../text/words.ts";
import { plain } from "../text/foreign.ts";

/** Everything that is wrong: since when, why, and what to do. Nothing is drawn while nothing is wrong. */
export function Problems() {
  const problems = useProblems();
  if (problems === null || problems.length === 0) return null;
  return (
    <Card title={count(problems.length, "problem")} plain>
      {problems.map(({ tone, who, text, cure, since, href }, at) => (
        <div className="condition" key={`${who} ${at}`}>
          <Tone tone={tone} />
          <p>
            <Link href={href}>{who}</Link>
            {since === null ? null : (
              <span className="quiet">
                {" "}
                for <Since at={since} />
              </span>
            )}
          </p>
          <p>{plain(text)}</p>
          <p className="soft">
            <Words text={cure} />
          </p>
        </div>
      ))}
    </Card>
  );
}
