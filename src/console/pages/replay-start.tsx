import type { Consumers } from "../../http/kit/answers/consumers.ts";
import type { Job } from "../../http/kit/answers/operations.ts";
import { requireConfirmed } from "../confirm.ts";
import { numberIn } from "../form.ts";
import type { Form, PageModule, PageView, Visit } from "../page.ts";
import { ActionForm, ConfirmCount, field, ReasonField, typed } from "../parts/form.tsx";
import { jobWords } from "../words/jobs.ts";

interface Preview {
  readonly count: number;
  /** There are more than were counted. */
  readonly more: boolean;
  readonly already_applied: number;
  readonly oldest: string | null;
  readonly newest: string | null;
}

const choice = ["subscriber", "types", "from", "to", "tenant_id", "correlation_id", "mode"] as const;
type Choice = Readonly<Record<(typeof choice)[number], string>>;

const trailOf = (visit: Visit) => [{ href: visit.href("/jobs"), text: visit.words(jobWords).title }];

/** A replay: choose, count, start. */
export const page: PageModule = {
  async show(visit) {
    const w = visit.words(jobWords);
    const found = visit.isForAllTenants ? await visit.api.find<Consumers>("/api/consumers") : null;
    const names = [...new Set((found?.consumers ?? []).map(({ subscriber }) => subscriber))].sort();
    return { title: w.startReplay, trail: trailOf(visit), main: <ChoiceForm visit={visit} names={names} /> };
  },
  actions: {
    async preview(visit, form) {
      return { shown: countedView(visit, form, await count(visit, form)) };
    },
    async start(visit, form) {
      // Effects that come once more cannot be taken back. Between two looks events come, so it is counted anew.
      if (form.text("mode") === "force") requireConfirmed(form, (await count(visit, form)).count);
      const { body, requestId } = await visit.api.change<Job>("/api/replays", {
        body: {
          ...bodyOf(form),
          name: form.text("name"),
          reason: form.text("reason"),
          ...numberIn(form, "rate_per_second"),
        },
        idempotencyKey: form.idempotencyKey,
      });
      const goTo = visit.href(`/jobs/replays/${body.id}`);
      return { goTo, told: visit.words(jobWords).doneStarted, requestId };
    },
  },
};

async function count(visit: Visit, form: Form): Promise<Preview> {
  const { body } = await visit.api.change<Preview>("/api/replays", {
    body: { ...bodyOf(form), dry_run: true },
    idempotencyKey: null,
  });
  return body;
}

/** What the route is asked; what was left empty is left out. */
function bodyOf(form: Form): Readonly<Record<string, unknown>> {
  const types = form
    .text("types")
    .split(",")
    .map((type) => type.trim())
    .filter((type) => type !== "");
  const given = choice
    .filter((name) => name !== "types" && form.text(name) !== "")
    .map((name) => [name, form.text(name)]);
  return { ...Object.fromEntries(given), ...(types.length === 0 ? {} : { types }) };
}

const choiceOf = (form: Form) => Object.fromEntries(choice.map((name) => [name, form.text(name)])) as Choice;

function ChoiceForm({ visit, names }: { readonly visit: Visit; readonly names: readonly string[] }) {
  const w = visit.words(jobWords);
  const value = (name: (typeof choice)[number]) => visit.refused?.form.text(name) ?? visit.query(name) ?? "";
  // Either form is refused on this page.
  const mark = (name: string) => field(visit, visit.refused?.action ?? "preview", name);
  return (
    <>
      <h1>{w.startReplay}</h1>
      <p class="lead">{w.replayLead}</p>
      <ActionForm visit={visit} action="preview" button={w.count} class="stacked narrow">
        <label for="subscriber">
          {w.consumer}
          {names.length === 0 ? (
            <input type="text" id="subscriber" {...mark("subscriber")} required value={value("subscriber")} />
          ) : (
            <select id="subscriber" {...mark("subscriber")} required>
              <option value="">{w.choose}</option>
              {names.map((name) => (
                <option value={name} selected={name === value("subscriber")}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </label>
        <Text of={mark("types")} label={w.types} hint={w.typesHint} value={value("types")} />
        <Text of={mark("from")} label={w.from} hint={w.timeHint} value={value("from")} />
        <Text of={mark("to")} label={w.to} hint={w.timeHint} value={value("to")} />
        {visit.isForAllTenants ? (
          <Text of={mark("tenant_id")} label={w.tenant} value={value("tenant_id")} />
        ) : null}
        <Text of={mark("correlation_id")} label={w.correlation} value={value("correlation_id")} />
        <label>
          {w.mode}
          <select {...mark("mode")}>
            {(["only_missing", "force"] as const).map((mode) => (
              <option value={mode} selected={mode === value("mode")}>
                {w[mode]}
              </option>
            ))}
          </select>
        </label>
      </ActionForm>
    </>
  );
}

interface TextProps {
  readonly of: ReturnType<typeof field>;
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
}

function Text({ of, label, hint, value }: TextProps) {
  return (
    <label>
      {label}
      <input type="text" {...of} value={value} />
      {hint === undefined ? null : <span class="hint">{hint}</span>}
    </label>
  );
}

function countedView(visit: Visit, form: Form, preview: Preview): PageView {
  const w = visit.words(jobWords);
  const chosen = choiceOf(form);
  const { count, more, already_applied, oldest, newest } = preview;
  const isForced = chosen.mode === "force";
  const shown = (number: number) => `${visit.format.number(number)}${more ? "+" : ""}`;
  const delivered = shown(isForced ? count : count - already_applied);
  const time = (at: string) => visit.format.dateTime(new Date(at));
  const hidden = Object.fromEntries(Object.entries(chosen).map(([name, text]) => [name, text || null]));
  return {
    title: w.startReplay,
    trail: trailOf(visit),
    main: (
      <>
        <h1>{w.startReplay}</h1>
        <div class={`message ${isForced ? "warn" : "info"}`} role="status">
          {count === 0 ? (
            <p>{w.countedNone}</p>
          ) : (
            <>
              <p>
                {w.counted(shown(count))}
                {oldest === null || newest === null ? "" : `, ${w.countedSpan(time(oldest), time(newest))}`}
                {`. ${w.countedApplied(visit.format.number(already_applied))}.`}
              </p>
              <p>
                <b>{w.willDeliver(delivered)}</b> {isForced ? w.forceWarning : ""}
              </p>
            </>
          )}
        </div>
        {count === 0 ? null : (
          <ActionForm
            visit={visit}
            action="start"
            button={w.start(delivered)}
            class="stacked narrow"
            hidden={hidden}
            {...(isForced ? { tone: "danger" as const } : {})}
          >
            <label>
              {w.name}
              <input
                type="text"
                {...field(visit, "start", "name")}
                required
                maxlength={100}
                value={typed(
                  visit,
                  "start",
                  "name",
                  `${chosen.subscriber} ${visit.now.toISOString().slice(0, 16)}`,
                )}
              />
            </label>
            <label>
              {w.maxRate}
              <input
                type="text"
                inputmode="decimal"
                {...field(visit, "start", "rate_per_second")}
                class="short"
              />
            </label>
            <ReasonField visit={visit} action="start" />
            {isForced ? <ConfirmCount visit={visit} action="start" count={count} /> : null}
          </ActionForm>
        )}
        <p>
          <a href={visit.href("/jobs/replay", chosen)}>{w.change}</a>
        </p>
      </>
    ),
  };
}
