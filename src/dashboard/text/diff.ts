/** What differs between two texts, line by line. Pure. */
export type DiffLine = { kind: "same" | "added" | "gone" | "skipped"; text: string };

/** Texts of more lines than this are compared by their begin and end alone: the table below grows with the square. */
const MOST = 1500;
const AROUND = 3;

/** The lines of both, those that are the same far from any difference left out. */
export function diffOf(before: string, after: string): DiffLine[] {
  return folded(lines(before.split("\n"), after.split("\n")));
}

function lines(before: string[], after: string[]): DiffLine[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end += 1;
  const same = (text: string): DiffLine => ({ kind: "same", text });
  return [
    ...before.slice(0, start).map(same),
    ...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ];
}

/** The longest common lines, by the usual table. */
function middle(before: string[], after: string[]): DiffLine[] {
  if (before.length > MOST || after.length > MOST)
    return [
      ...before.map((text): DiffLine => ({ kind: "gone", text })),
      ...after.map((text): DiffLine => ({ kind: "added", text })),
    ];
  const width = after.length + 1;
  const common = new Uint16Array((before.length + 1) * width);
  for (let one = before.length - 1; one >= 0; one -= 1)
    for (let other = after.length - 1; other >= 0; other -= 1)
      common[one * width + other] =
        before[one] === after[other]
          ? (common[(one + 1) * width + other + 1] ?? 0) + 1
          : Math.max(common[(one + 1) * width + other] ?? 0, common[one * width + other + 1] ?? 0);
  const found: DiffLine[] = [];
  let [one, other] = [0, 0];
  while (one < before.length || other < after.length) {
    const [left, right] = [before[one], after[other]];
    if (left !== undefined && left === right) {
      found.push({ kind: "same", text: left });
      one += 1;
      other += 1;
    } else if (
      right === undefined ||
      (left !== undefined &&
        (common[(one + 1) * width + other] ?? 0) >= (common[one * width + other + 1] ?? 0))
    ) {
      found.push({ kind: "gone", text: left ?? "" });
      one += 1;
    } else {
      found.push({ kind: "added", text: right });
      other += 1;
    }
  }
  return found;
}

function folded(all: DiffLine[]): DiffLine[] {
  const near = all.map((_, at) =>
    all.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(({ kind }) => kind !== "same"),
  );
  const shown: DiffLine[] = [];
  let skipped = 0;
  for (const [at, line] of all.entries()) {
    if (near[at] === true) {
      if (skipped > 0) shown.push({ kind: "skipped", text: `${skipped} lines that are the same` });
      skipped = 0;
      shown.push(line);
    } else skipped += 1;
  }
  if (skipped > 0) shown.push({ kind: "skipped", text: `${skipped} lines that are the same` });
  return shown;
}
