/** What the steps themselves have said: a set-up's log without the headings that the relay gives each of them. */
export function spoken(log: string): string {
  return log.replaceAll(/^== .*\n/gm, "");
}
