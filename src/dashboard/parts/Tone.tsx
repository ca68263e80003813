export type ToneName = "good" | "warn" | "bad";

const SIGNS: Record<ToneName, [sign: string, word: string]> = {
  good: ["✓", "Fine"],
  warn: ["!", "Warning"],
  bad: ["×", "Problem"],
};

/** Whether something is fine, as a sign with a word for those who do not see it. */
export function Tone({ tone }: { tone: ToneName }) {
  const [sign, word] = SIGNS[tone];
  return (
    <span className={`dot ${tone}`}>
      <span aria-hidden="true">{sign}</span>
      <span className="unseen">{word}:</span>
    </span>
  );
}
