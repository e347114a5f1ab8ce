import type { DeadLetter, LetterGroup } from "../../http/kit/answers/dead-letters.ts";
import type { Job } from "../../http/kit/answers/operations.ts";
import { requireConfirmed } from "../confirm.ts";
import { numberIn } from "../form.ts";
import type { PageModule, Visit } from "../page.ts";
import { Sparkline } from "../parts/chart.tsx";
import { ConsumerLink } from "../parts/consumer-link.tsx";
import { ActionForm, ConfirmCount, field, ReasonField, typed } from "../parts/form.tsx";
import { LetterTable } from "../parts/letters.tsx";
import { Empty, Facts, Time } from "../parts/text.tsx";
import { deadLetterWords } from "../words/dead-letters.ts";

interface Preview {
  readonly count: number;
  readonly more?: boolean;
  readonly not_redrivable: number;
}

const filterOf = (visit: Visit) => ({ fingerprint: visit.param("fingerprint") });
const pathOf = (visit: Visit) => visit.href(`/dead-letters/groups/${visit.param("fingerprint")}`);
const trailOf = (visit: Visit) => ({
  href: visit.href("/dead-letters"),
  text: visit.words(deadLetterWords).title,
});
const sampleSize = 20;

/** One kind of failure: the newest of it; redrive behind a dry run, and giving up, of all that is open. */
export const page: PageModule = {
  async show(visit) {
    const w = visit.words(deadLetterWords);
    const filter = filterOf(visit);
    const [{ dead_letters: letters }, { groups }] = await Promise.all([
      visit.api.get<{ readonly dead_letters: readonly DeadLetter[] }>("/api/dead-letters", {
        ...filter,
        status: "all",
        limit: sampleSize,
      }),
      visit.api.get<{ readonly groups: readonly LetterGroup[] }>("/api/dead-letters/groups", {
        ...filter,
        status: "all",
      }),
    ]);
    const [group] = groups;
    const title = group?.error_class ?? w.group;
    return {
      title,
      trail: [trailOf(visit)],
      main: (
        <>
          <h1>{title}</h1>
          {group === undefined ? (
            <Empty>{w.noneFound}</Empty>
          ) : (
            <>
              <p class="lead">{group.error_message}</p>
              <GroupFacts visit={visit} group={group} />
              <p>
                <a
                  class="button"
                  href={visit.href(`/dead-letters/${letters.find(isOpen)?.id ?? group.sample_id}`)}
                >
                  {w.trySample}
                </a>
              </p>
              {visit.can("operate") ? <Changes visit={visit} open={group.open} /> : null}
              <section>
                <h2>{w.newest}</h2>
                <LetterTable visit={visit} letters={letters} />
                <p>
                  <a href={visit.href("/dead-letters/list", { ...filter, status: "all" })}>{w.showList}</a>
                </p>
              </section>
            </>
          )}
        </>
      ),
    };
  },
  actions: {
    async preview(visit) {
      const w = visit.words(deadLetterWords);
      const body = { filter: filterOf(visit), dry_run: true };
      const counted = await visit.api.change<Preview>("/api/dead-letters/redrive", {
        body,
        idempotencyKey: null,
      });
      const title = w.dryRun;
      const main = <Counted visit={visit} preview={counted.body} />;
      return { shown: { title, trail: [trailOf(visit), { href: pathOf(visit), text: w.group }], main } };
    },
    async redrive(visit, form) {
      const { body, requestId } = await visit.api.change<Job>("/api/dead-letters/redrive", {
        body: {
          filter: filterOf(visit),
          reason: form.text("reason"),
          ramp: form.text("ramp") === "yes",
          ...numberIn(form, "max_step"),
          ...numberIn(form, "rate_per_second"),
          ...numberIn(form, "stop_ratio"),
        },
        idempotencyKey: form.idempotencyKey,
      });
      const goTo = visit.href(`/jobs/redrives/${body.id}`);
      return { goTo, told: visit.words(deadLetterWords).doneStarted, requestId };
    },
    async discard(visit, form) {
      const reason = form.text("reason");
      const filter = filterOf(visit);
      requireConfirmed(form, await countOpen(visit, reason));
      const { body, requestId } = await visit.api.change<{ readonly discarded: number }>(
        "/api/dead-letters/discard",
        { body: { filter, reason }, idempotencyKey: form.idempotencyKey },
      );
      const told = visit.words(deadLetterWords).doneDiscardedMany(visit.format.number(body.discarded));
      return { goTo: visit.href("/dead-letters"), told, requestId };
    },
  },
};

const isOpen = ({ status }: DeadLetter) => status === "open";

async function countOpen(visit: Visit, reason: string): Promise<number> {
  const body = { filter: filterOf(visit), reason, dry_run: true };
  const counted = await visit.api.change<{ readonly count: number }>("/api/dead-letters/discard", {
    body,
    idempotencyKey: null,
  });
  return counted.body.count;
}

function GroupFacts({ visit, group }: { readonly visit: Visit; readonly group: LetterGroup }) {
  const w = visit.words(deadLetterWords);
  const sum = visit.format.number(group.trend.reduce((all, one) => all + one, 0));
  return (
    <Facts
      of={[
        [w.open, w.openOfAll(visit.format.number(group.open), visit.format.number(group.count))],
        [
          w.trend,
          <span class="trend">
            <Sparkline values={group.trend} summary={w.trendOf(sum)} /> {sum}
          </span>,
        ],
        [w.consumer, <ConsumerLink visit={visit} subscriber={group.subscriber} />],
        [w.type, group.event_type === null ? null : <code>{group.event_type}</code>],
        [w.first, <Time visit={visit} at={group.first_failed_at} as="dateTime" />],
        [w.last, <Time visit={visit} at={group.last_failed_at} as="dateTime" />],
      ]}
    />
  );
}

/** What can be done with all of them. */
function Changes({ visit, open }: { readonly visit: Visit; readonly open: number }) {
  const w = visit.words(deadLetterWords);
  if (open === 0) return <Empty>{w.nothingToRedrive}</Empty>;
  const shown = visit.format.number(open);
  return (
    <section class="actions">
      <ActionForm visit={visit} action="preview" button={w.countFirst}>
        <h2>{w.redrive}</h2>
        <p class="quiet">{w.countFirstWhy}</p>
      </ActionForm>
      <ActionForm visit={visit} action="discard" button={w.discardAll(shown)} tone="danger">
        <h2>{w.discardAll(shown)}</h2>
        <p class="quiet">{w.discardWhy}</p>
        <ReasonField visit={visit} action="discard" />
        <ConfirmCount visit={visit} action="discard" count={open} />
      </ActionForm>
    </section>
  );
}

/** The dry run, and the redrive of what it counted. */
function Counted({ visit, preview }: { readonly visit: Visit; readonly preview: Preview }) {
  const w = visit.words(deadLetterWords);
  const { count, more, not_redrivable } = preview;
  const shown = `${visit.format.number(count)}${more === true ? "+" : ""}`;
  return (
    <>
      <h1>{w.dryRun}</h1>
      <div class="message info" role="status">
        <p>{count === 0 ? w.nothingToRedrive : w.wouldRedrive(shown)}</p>
        {not_redrivable === 0 ? null : <p>{w.cannotRedrive(visit.format.number(not_redrivable))}</p>}
      </div>
      {count === 0 ? null : (
        <section class="actions">
          <ActionForm visit={visit} action="redrive" button={w.redriveAll(shown)}>
            <p class="quiet">{w.redriveGroupWhy}</p>
            <ReasonField visit={visit} action="redrive" />
            <details>
              <summary>{w.options}</summary>
              <div class="stacked">
                <label>
                  <input type="checkbox" name="ramp" value="yes" checked />
                  {w.ramp}
                </label>
                <Numeric visit={visit} name="max_step" label={w.maxStep} standard="1000" />
                <Numeric visit={visit} name="rate_per_second" label={w.rate} standard="" />
                <Numeric visit={visit} name="stop_ratio" label={w.stopRatio} standard="0.5" />
              </div>
            </details>
          </ActionForm>
        </section>
      )}
    </>
  );
}

interface NumericProps {
  readonly visit: Visit;
  readonly name: string;
  readonly label: string;
  readonly standard: string;
}

function Numeric({ visit, name, label, standard }: NumericProps) {
  return (
    <label>
      {label}
      <input
        type="text"
        inputmode="decimal"
        class="short"
        {...field(visit, "redrive", name)}
        value={typed(visit, "redrive", name, standard)}
      />
    </label>
  );
}
