import type { FunnelAnswer, RatesAnswer } from "../../http/kit/product-answers.ts";
import type { PageModule, Visit } from "../page.ts";
import { Chart } from "../parts/chart.tsx";
import { Figures } from "../parts/figures.tsx";
import { FilterForm, FilterSelect } from "../parts/form.tsx";
import { Funnel } from "../parts/funnel.tsx";
import { Table } from "../parts/table.tsx";
import { Empty } from "../parts/text.tsx";
import { analyticsWords } from "../words/analytics.ts";
import { shellWords } from "../words/shell.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What may be chosen, by its name in the query. */
const windows = {
  "24h": { steps: 24, interval: "hour", stepMs: hourMs },
  "7d": { steps: 7, interval: "day", stepMs: dayMs },
  "30d": { steps: 30, interval: "day", stepMs: dayMs },
  "90d": { steps: 90, interval: "day", stepMs: dayMs },
} as const;
type WindowName = keyof typeof windows;
const standard: WindowName = "7d";
const languages = ["de", "en", "fr", "es"] as const;

interface Span {
  readonly interval: "hour" | "day";
  /** Beginnings of its hours or days, ISO 8601, the oldest first. */
  readonly steps: readonly string[];
}

function spanOf(visit: Visit): Span {
  const wanted = visit.query("window") ?? standard;
  const { steps, interval, stepMs } =
    windows[Object.hasOwn(windows, wanted) ? (wanted as WindowName) : standard];
  const last = Math.floor(visit.now.getTime() / stepMs) * stepMs;
  return {
    interval,
    steps: Array.from({ length: steps }, (_, index) =>
      new Date(last - (steps - 1 - index) * stepMs).toISOString(),
    ),
  };
}

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(analyticsWords);
    const span = spanOf(visit);
    const { tenant_id, language } = visit.queries;
    const asked = { from: span.steps[0], interval: span.interval, tenant_id, language };
    const [funnel, whole, over] = await Promise.all([
      visit.api.get<FunnelAnswer>("/api/analytics/funnel", asked),
      visit.api.get<RatesAnswer>("/api/analytics/rates", asked),
      visit.api.get<RatesAnswer>("/api/analytics/rates", { ...asked, group_by: "time" }),
    ]);
    const rates = whole.rows[0];
    return {
      title: w.title,
      main: (
        <>
          <h1>{w.title}</h1>
          <Filters visit={visit} />
          {rates === undefined ? null : <Rates visit={visit} rates={rates} />}
          <h2>{w.funnel}</h2>
          <Funnel visit={visit} stages={funnel.rows[0]?.stages ?? []} />
          <h2>{w.revenue}</h2>
          <Revenue visit={visit} span={span} whole={rates} over={over} />
          <h2>{w.failures}</h2>
          <Failures visit={visit} span={span} whole={rates} over={over} />
          <p class="quiet">{w.late}</p>
        </>
      ),
    };
  },
};

function Filters({ visit }: { readonly visit: Visit }) {
  const w = visit.words(analyticsWords);
  return (
    <FilterForm visit={visit} path="/analytics">
      <FilterSelect
        visit={visit}
        label={w.window}
        name="window"
        standard={standard}
        options={[
          ["24h", w.last24],
          ["7d", w.last7],
          ["30d", w.last30],
          ["90d", w.last90],
        ]}
      />
      <FilterSelect
        visit={visit}
        label={w.language}
        name="language"
        standard=""
        options={[["", w.allLanguages], ...languages.map((one) => [one, one] as const)]}
      />
      {visit.isForAllTenants ? (
        <label>
          {w.tenant}
          <input
            type="text"
            name="tenant_id"
            maxlength={100}
            placeholder={visit.words(shellWords).allTenants}
            value={visit.query("tenant_id") ?? ""}
          />
        </label>
      ) : null}
    </FilterForm>
  );
}

type Row = RatesAnswer["rows"][number];

const shown = (visit: Visit, share: number | null) => (share === null ? "–" : visit.format.percent(share));

function Rates({ visit, rates }: { readonly visit: Visit; readonly rates: Row }) {
  const w = visit.words(analyticsWords);
  const failed = rates.generation_failure_rate;
  return (
    <Figures
      of={[
        {
          name: w.failureRate,
          value: shown(visit, failed),
          ...(failed !== null && failed > 0.01 ? { tone: "bad" as const } : {}),
        },
        { name: w.missionRate, value: shown(visit, rates.mission_success_rate) },
        { name: w.clickRate, value: shown(visit, rates.click_rate) },
        { name: w.completionRate, value: shown(visit, rates.completion_rate) },
      ]}
    />
  );
}

interface OverTime {
  readonly visit: Visit;
  readonly span: Span;
  readonly whole: Row | undefined;
  readonly over: RatesAnswer;
}

const rowAt = ({ over }: OverTime, step: string) =>
  over.rows.find(({ time }) => time != null && Date.parse(time) === Date.parse(step));

/** How a step of the span reads. */
function stepText({ visit, span }: OverTime, step: string): string {
  const at = new Date(step);
  const { language } = visit.preferences;
  return new Intl.DateTimeFormat(
    language === "de" ? "de-DE" : "en-GB",
    span.interval === "hour"
      ? { timeZone: "UTC", hour: "2-digit", minute: "2-digit" }
      : { timeZone: "UTC", day: "numeric", month: "short" },
  ).format(at);
}

/** The first, the middle and the last. */
function ticksOf(props: OverTime) {
  const { steps } = props.span;
  const places = [0, Math.floor(steps.length / 2), steps.length - 1];
  return places.map((place) => ({
    at: (place + 0.5) / steps.length,
    text: stepText(props, steps[place] ?? ""),
  }));
}

/** Without its currency, which stands above, and without cents when they are 00. */
const plainMoney = (text: string) =>
  text
    .replaceAll(/[^\d.,\u202f\u00a0 ]/g, "")
    .trim()
    .replace(/[.,]00$/, "");

function Revenue(props: OverTime) {
  const { visit, span, whole } = props;
  const w = visit.words(analyticsWords);
  const { money } = visit.format;
  const currencies = Object.entries(whole?.revenue ?? {}).filter(([, { received }]) => received > 0);
  if (currencies.length === 0) return <Empty>{w.noRevenue}</Empty>;
  return (
    <>
      <div class="charts">
        {currencies.map(([currency, { received }]) => {
          const values = span.steps.map((step) => rowAt(props, step)?.revenue[currency]?.received ?? 0);
          return (
            <section>
              <h3>{w.revenueIn(currency)}</h3>
              <Chart
                kind="bars"
                summary={w.revenueSummary(currency, money(received, currency))}
                series={[{ name: currency, values, color: 1 }]}
                ticks={ticksOf(props)}
                scale={(value) => plainMoney(money(value, currency))}
                titles={span.steps.map(
                  (step, place) => `${stepText(props, step)}: ${money(values[place] ?? 0, currency)}`,
                )}
              />
            </section>
          );
        })}
      </div>
      <Table
        label={w.revenue}
        columns={[
          { name: w.currency },
          { name: w.received, kind: "number" },
          { name: w.refunded, kind: "number" },
          { name: w.net, kind: "number" },
        ]}
      >
        {currencies.map(([currency, { received, refunded, net }]) => (
          <tr>
            <th scope="row">{currency}</th>
            <td class="number">{money(received, currency)}</td>
            <td class="number">{money(refunded, currency)}</td>
            <td class="number">{money(net, currency)}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

function Failures(props: OverTime) {
  const { visit, span, whole } = props;
  const w = visit.words(analyticsWords);
  const rate = whole?.generation_failure_rate ?? null;
  if (rate === null) return <Empty>{w.noGenerations}</Empty>;
  const values = span.steps.map((step) => rowAt(props, step)?.generation_failure_rate ?? null);
  return (
    <>
      <Chart
        kind="bars"
        summary={w.failureSummary(visit.format.percent(rate))}
        series={[{ name: w.failureRate, values, color: 3 }]}
        ticks={ticksOf(props)}
        scale={(value) => visit.format.percent(value)}
        titles={span.steps.map(
          (step, place) => `${stepText(props, step)}: ${shown(visit, values[place] ?? null)}`,
        )}
      />
      <details>
        <summary>{w.asTable}</summary>
        <Table label={w.failures} columns={[{ name: w.time }, { name: w.failureRate, kind: "number" }]}>
          {span.steps.map((step, place) => (
            <tr>
              <th scope="row">{stepText(props, step)}</th>
              <td class="number">{shown(visit, values[place] ?? null)}</td>
            </tr>
          ))}
        </Table>
      </details>
    </>
  );
}
