import { useEffect, useId, useRef } from "react";
import uPlot from "uplot";

export type Series = {
  name: string;
  /** The name of a colour in tokens.css. */
  color: string;
  fill: boolean;
  dashed?: boolean;
  /** What is drawn: of stacked series the sums. */
  values: readonly (number | null)[];
  /** What the legend shows, if it differs from what is drawn. */
  own?: readonly (number | null)[];
};

const HEIGHT = 170;

/** One chart, drawn by uPlot on a canvas, with the last values in words for everybody. */
export function Chart({ title, at, series }: { title: string; at: number[]; series: Series[] }) {
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const draw = () => new uPlot(optionsOf(element, series), dataOf(at, series), element);
    let plot = draw();
    const sized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    sized.observe(element);
    // Colours are read once when it is drawn.
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const again = () => {
      plot.destroy();
      plot = draw();
    };
    scheme.addEventListener("change", again);
    return () => {
      scheme.removeEventListener("change", again);
      sized.disconnect();
      plot.destroy();
    };
  }, [at, series]);
  return (
    <figure aria-labelledby={id}>
      <figcaption className="row apart">
        <h3 id={id}>{title}</h3>
        <span className="legend quiet">
          {series.map(({ name, color, own, values }) => (
            <span key={name} className="state">
              <span className="letter" style={{ background: `var(${color})` }} aria-hidden="true" />
              {name} {last(own ?? values)}
            </span>
          ))}
        </span>
      </figcaption>
      <div className="chart" ref={box} aria-hidden="true" />
    </figure>
  );
}

function last(values: readonly (number | null)[]): string {
  const value = values.findLast((each) => each !== null);
  return value === undefined || value === null ? "–" : String(Math.round(value * 10) / 10);
}

function dataOf(at: number[], series: readonly Series[]): uPlot.AlignedData {
  return [at, ...series.map(({ values }) => [...values])];
}

function optionsOf(element: HTMLElement, series: readonly Series[]): uPlot.Options {
  const style = getComputedStyle(element);
  // A canvas knows no light-dark(): the browser computes it where a colour is set.
  const color = (name: string) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    element.append(probe);
    const computed = getComputedStyle(probe).color;
    probe.remove();
    return computed;
  };
  const axis: uPlot.Axis = {
    stroke: color("--ink-3"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { show: false },
    font: `11px ${style.fontFamily}`,
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] } },
    axes: [axis, { ...axis, size: 36 }],
    series: [
      {},
      ...series.map(({ name, color: token, fill, dashed }): uPlot.Series => ({
        label: name,
        stroke: color(token),
        width: 1.5,
        points: { show: false },
        spanGaps: true,
        ...(fill ? { fill: color(token) } : {}),
        ...(dashed === true ? { dash: [4, 3] } : {}),
      })),
    ],
  };
}
