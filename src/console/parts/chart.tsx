import type { Child } from "hono/jsx";

/*
 * Charts are drawn by the server: they are there without client script, on paper and for a screen reader, and need no
 * library of their own. The numbers stand beside each as text.
 */

export interface Series {
  readonly name: string;
  /** One for each place on the axis; null: nothing is known there, and the line has a gap. */
  readonly values: readonly (number | null)[];
  /** Which of the four colours. */
  readonly color: 1 | 2 | 3 | 4;
}

interface ChartProps {
  /** What is shown, with the numbers that matter: it takes the place of the picture where nobody sees it. */
  readonly summary: string;
  readonly series: readonly Series[];
  /** Texts below, at their share of the width (0–1). */
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  /** How a value on the axis reads. */
  readonly scale: (value: number) => string;
  /** What is said when one place is pointed at; left out: nothing. */
  readonly titles?: readonly string[];
  /** `bars`: one value each, from the bottom. `lines`: several that are compared. */
  readonly kind: "lines" | "bars";
}

const width = 640;
const height = 160;
const below = 24;
/** Room for the upper half of the text at the top of the axis. */
const above = 10;
const left = 72;

/** Values over time. */
export function Chart({ summary, series, ticks, scale, titles, kind }: ChartProps) {
  const count = Math.max(1, ...series.map(({ values }) => values.length));
  const top = niceTop(Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const x = (place: number) =>
    left + (place * (width - left)) / (kind === "bars" ? count : Math.max(1, count - 1));
  const y = (value: number) => height - (value / top) * (height - 8);
  return (
    <figure class="chart">
      <svg viewBox={`0 ${-above} ${width} ${above + height + below}`} role="img" aria-label={summary}>
        {[0, 0.5, 1].map((share) => (
          <>
            <line class="grid" x1={left} x2={width} y1={y(share * top)} y2={y(share * top)} />
            <text x={left - 8} y={y(share * top) + 4} text-anchor="end">
              {scale(share * top)}
            </text>
          </>
        ))}
        {kind === "bars"
          ? series.map((one) => <Bars series={one} x={x} y={y} wide={(width - left) / count} />)
          : series.map((one) => (
              <path
                class={`line c${one.color}`}
                d={pathOf(one.values, x, y)}
                vector-effect="non-scaling-stroke"
              />
            ))}
        {ticks.map(({ at, text }) => (
          <text
            x={left + at * (width - left)}
            y={height + 19}
            text-anchor={at < 0.05 ? "start" : at > 0.95 ? "end" : "middle"}
          >
            {text}
          </text>
        ))}
        {titles?.map((title, place) => (
          <rect
            class="point"
            x={kind === "bars" ? x(place) : x(place) - (width - left) / count / 2}
            y={0}
            width={(width - left) / count}
            height={height}
          >
            <title>{title}</title>
          </rect>
        ))}
      </svg>
      {series.length > 1 ? <Legend series={series} /> : null}
    </figure>
  );
}

interface BarsProps {
  readonly series: Series;
  readonly x: (place: number) => number;
  readonly y: (value: number) => number;
  readonly wide: number;
}

function Bars({ series, x, y, wide }: BarsProps) {
  return (
    <>
      {series.values.map((value, place) =>
        value === null || value === 0 ? null : (
          <rect
            class={`bar c${series.color}`}
            x={round(x(place) + wide * 0.1)}
            y={round(y(value))}
            width={round(wide * 0.8)}
            height={round(height - y(value))}
          />
        ),
      )}
    </>
  );
}

function Legend({ series }: { readonly series: readonly Series[] }): Child {
  return (
    <figcaption>
      {series.map(({ name, color }) => (
        <span class="legend">
          <svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">
            <rect class={`bar c${color}`} width="10" height="10" rx="2" />
          </svg>
          {name}
        </span>
      ))}
    </figcaption>
  );
}

function pathOf(
  values: readonly (number | null)[],
  x: (place: number) => number,
  y: (value: number) => number,
): string {
  let isDown = false;
  return values
    .map((value, place) => {
      if (value === null) {
        isDown = false;
        return "";
      }
      const step = `${isDown ? "L" : "M"}${round(x(place))} ${round(y(value))}`;
      // A value alone between two gaps is a dot.
      const isAlone = !isDown && (values[place + 1] ?? null) === null;
      isDown = true;
      return isAlone ? `${step}h.1` : step;
    })
    .join("");
}

/** The top of an axis: 1, 2 or 5 times a power of ten, not below the largest value. */
function niceTop(largest: number): number {
  if (largest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(largest));
  const factor = [1, 2, 5, 10].find((one) => one * power >= largest) ?? 10;
  return factor * power;
}

const round = (value: number) => Math.round(value * 10) / 10;

/** A small line within a row of a table, without axes. */
export function Sparkline({
  values,
  summary,
}: {
  readonly values: readonly number[];
  readonly summary: string;
}) {
  const top = Math.max(1, ...values);
  const step = 96 / Math.max(1, values.length - 1);
  const points = values.map((value, place) => `${round(place * step)},${round(22 - (value / top) * 20)}`);
  return (
    <svg class="spark" viewBox="0 0 96 24" width="96" height="24" role="img" aria-label={summary}>
      <polyline class="line c1" points={points.join(" ")} />
    </svg>
  );
}
