/** Line charts, in the colours of the page. Loaded when one is shown. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "./chart.css";

const HEIGHT = 200;

export function draw(target: HTMLElement, width: number, x: number[], lines: (number | null)[][], names?: string[], isTime = false): uPlot {
  const style = getComputedStyle(target);
  const colour = (name: string) => resolve(style.getPropertyValue(name));
  const accent = colour("--accent");
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const palette = [accent, colour("--good"), colour("--wait"), colour("--bad"), colour("--quiet"), colour("--line-strong")];
  const options: uPlot.Options = {
    width,
    height: HEIGHT,
    padding: [8, 24, 0, 0],
    scales: { x: { time: isTime } },
    axes: [{ ...axis, size: 28, ...(isTime ? { values: timeLabels } : {}) }, { ...axis, size: 56 }],
    series: [
      { label: isTime ? "time" : "position" },
      ...lines.map((_, index) => ({ label: names?.[index] ?? String(index), stroke: palette[index % palette.length] ?? accent, width: 1.5 })),
    ],
    legend: { show: lines.length > 1 },
    cursor: { drag: { x: true, y: false } },
  };
  return new uPlot(options, [x, ...lines] as uPlot.AlignedData, target);
}

/** Times of a day, or days when the chart is of more than two. */
function timeLabels(chart: uPlot, splits: number[]): string[] {
  const { min = 0, max = 0 } = chart.scales.x ?? {};
  const isLong = (max ?? 0) - (min ?? 0) > 172_800;
  const options: Intl.DateTimeFormatOptions = isLong ? { month: "short", day: "numeric" } : { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  const format = new Intl.DateTimeFormat(undefined, options);
  const labels = splits.map((seconds) => format.format(new Date(seconds * 1000)));
  return labels.map((label, index) => (label === labels[index - 1] ? "" : label));
}

/** A colour that a canvas understands: `light-dark()` is only known to style sheets. */
function resolve(value: string): string {
  const probe = document.createElement("span");
  probe.style.color = value;
  document.body.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}
