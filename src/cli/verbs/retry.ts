import { type Command, Option } from "commander";
import type { Assignment } from "../../contract/assignment.ts";
import { paramOptions, paramsOf } from "../inputs/paramOptions.ts";
import type { ParamOptions } from "../inputs/paramOptions.ts";
import { shortVersion } from "./recipe.ts";
import { answerInWords, next, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { testerOf, testerVerb, testerWords } from "../inputs/testerOptions.ts";
import type { TesterOptions } from "../inputs/testerOptions.ts";

type Options = TesterOptions & ParamOptions & { recipe?: "same" | "current" };

/** `warmpool retry USER`: sets a failed assignment up again on its machine. */
export function retry(program: Command, cli: Cli): void {
  const verb = testerVerb(program, "retry", "run a failed set-up again, on the same machine");
  paramOptions(verb, "a new value for a parameter of the recipe; the others keep their values")
    .addOption(
      new Option(
        "--recipe <which>",
        "the recipe's version: same as before (the default), or current",
      ).choices(["same", "current"]),
    )
    .action(withSession(cli, act));
}

async function act(session: Session, user: string, options: Options): Promise<void> {
  const { recipe } = options;
  const params = paramsOf(options);
  const assignment = await session.client.tester.retry.mutate({
    ...testerOf(user, options),
    ...(recipe === undefined ? {} : { recipe }),
    ...(params === undefined ? {} : { params }),
  });
  answerInWords(session, assignment, (retried) => [
    sentence(retried),
    ...notCurrent(retried, next(session, "retry", ...testerWords(user, options), "--recipe", "current")),
  ]);
}

function sentence({ username, machine, recipe }: Assignment): string {
  const version =
    recipe === undefined ? "" : ` with version ${shortVersion(recipe.version)} of recipe ${recipe.name}`;
  return `${machine?.name ?? "The machine"} is being set up for ${username} again${version}; completed steps are skipped, unless their inputs have changed.`;
}

/** A corrected recipe that was pushed meanwhile is not what runs. */
function notCurrent({ recipe }: Assignment, command: string): string[] {
  if (recipe === undefined || recipe.version === recipe.current) return [];
  return [
    `A newer version, ${shortVersion(recipe.current)}, exists but is not used. If the set-up fails again, run \`${command}\`.`,
  ];
}
