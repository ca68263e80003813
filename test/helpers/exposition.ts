/** A Prometheus text, read strictly by its own rules: what is not of the format throws. Series by `name{labels}`. */
export function parseExposition(text: string): Map<string, number> {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const series = new Map<string, number>();
  const described = new Set<string>();
  let family = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const type = /^# TYPE ([a-z_]+) (gauge|counter|histogram)$/.exec(line);
    if (type !== null) {
      family = type[1] ?? "";
      if (described.has(family)) throw new Error(`${family} is described twice`);
      described.add(family);
      continue;
    }
    if (/^# HELP [a-z_]+ \S.*$/.test(line)) continue;
    const sample = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+\})? (\S+)$/.exec(line);
    if (sample === null) throw new Error(`not a line of the format: ${line}`);
    const [, name = "", labels = "", value = ""] = sample;
    if (name !== family && name.replace(/_(bucket|sum|count)$/, "") !== family) {
      throw new Error(`${name} stands below ${family}`);
    }
    const number = Number(value);
    if (!Number.isFinite(number)) throw new Error(`${name} has the value ${value}`);
    if (series.has(name + labels)) throw new Error(`${name}${labels} is there twice`);
    series.set(name + labels, number);
  }
  return series;
}
