import { type Command, Option } from "commander";
import type { Assignment } from "../../contract/assignment.ts";
import { paramOptions, paramsOf } from "../inputs/paramOptions.ts";
import type { ParamOptions } from "../inputs/paramOptions.ts";
import { shortVersion } from "./recipe.ts";
import { aboutTester } from "../session/existingTester.ts";
import { answerInWords, next, shellWord, withSession } from "../session/session.ts";
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
  const about = { verb: ["retry"], tester: testerOf(user, options), rest: givenWords(options) };
  const assignment = await aboutTester(session, about, (tester) =>
    session.client.tester.retry.mutate({
      ...tester,
      ...(recipe === undefined ? {} : { recipe }),
      ...(params === undefined ? {} : { params }),
    }),
  );
  answerInWords(session, assignment, (retried) => [
    sentence(retried),
    ...notCurrent(retried, next(session, "retry", ...testerWords(user, options), "--recipe", "current")),
  ]);
}

/** The options as they were given: secrets by their files. */
function givenWords({ param = {}, secret = {}, recipe }: Options): string[] {
  const named = (option: string, values: Record<string, string>) =>
    Object.entries(values).flatMap(([name, value]) => [option, shellWord(`${name}=${value}`)]);
  return [
    ...named("--param", param),
    ...named("--secret", secret),
    ...(recipe === undefined ? [] : ["--recipe", recipe]),
  ];
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
