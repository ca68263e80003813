import { posix } from "node:path";
import { lineOf } from "./passages.ts";
import { pathsOf } from "./paths.ts";
import type { Tree } from "./tree.ts";

const FENCE = /^(```+)[^\n]*\n[\s\S]*?^\1[^\n]*$/gm;
const LINK = /\[([^\]]*)\]\(([^)\s]+)\)/g;
const HEADING = /^#{1,6} +(.+)$/gm;
const DECISION_FILE = /docs\/decisions\/0*(\d+)-/;

/** Relative links of the tree's Markdown pages that lead nowhere, as lines `file:line: what is wrong`. */
export function linkComplaints(tree: Tree): string[] {
  const paths = pathsOf(tree);
  return [...tree]
    .filter(([file]) => file.endsWith(".md"))
    .flatMap(([file, text]) => {
      const prose = withoutExamples(text);
      return [...prose.matchAll(LINK)].flatMap((match) => {
        const [, words = "", target = ""] = match;
        const wrong = /^[a-z]+:/.test(target) ? null : wrongWith(words, target, file);
        return wrong === null ? [] : [`${file}:${lineOf(prose, match.index)}: ${wrong}`];
      });
    });

  function wrongWith(words: string, target: string, file: string): string | null {
    const [path = "", anchor] = target.split("#", 2);
    const to = path === "" ? file : posix.join(posix.dirname(file), path);
    if (!paths.has(to)) return `the link to ${target} leads to no file`;
    if (anchor !== undefined && !anchorsOf(tree.get(to) ?? "").has(anchor))
      return `the link to ${target} leads to no heading`;
    const number = /^(?:decision )?(\d+)$/.exec(words)?.[1];
    const decision = DECISION_FILE.exec(to)?.[1];
    if (number !== undefined && decision !== undefined && number !== decision)
      return `the link to decision ${number} leads to decision ${decision}`;
    return null;
  }
}

/** The anchors that GitHub gives a page's headings. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of withoutExamples(page).matchAll(HEADING)) {
    const slug = heading
      .replaceAll(LINK, "$1")
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-");
    let anchor = slug;
    for (let times = 1; anchors.has(anchor); times += 1) anchor = `${slug}-${times}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Blanks out examples in fences; the lines keep their numbers. */
function withoutExamples(page: string): string {
  return page.replaceAll(FENCE, (fence) => fence.replaceAll(/[^\n]/g, ""));
}
