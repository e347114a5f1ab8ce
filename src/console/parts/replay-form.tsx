import type { ConsumerDetails } from "../../http/kit/answers.ts";
import { requireConfirmed } from "../confirm.ts";
import type { Done, Form, ShownInstead, Visit } from "../page.ts";
import { consumerWords } from "../words/consumers.ts";
import { ActionForm, ConfirmCount, ReasonField, typed } from "./form.tsx";
import { Time } from "./text.tsx";

/* A replay in two steps: what it would bring is counted, and then it is begun. */

const fieldNames = ["name", "mode", "types", "from", "to", "reason"] as const;

export function ReplayForm({
  visit,
  consumer,
}: {
  readonly visit: Visit;
  readonly consumer: Pick<ConsumerDetails, "subscriber">;
}) {
  const w = visit.words(consumerWords);
  // Whichever of the two steps was refused: what was typed stays.
  const refused = visit.refused?.action === "startReplay" ? "startReplay" : "countReplay";
  const text = (name: string, fallback = "") => typed(visit, refused, name, fallback);
  const suggested = `${consumer.subscriber}-${visit.now.toISOString().slice(0, 16).replaceAll(/[-:]/g, "")}`;
  const mode = text("mode", "only_missing");
  return (
    <ActionForm visit={visit} action="countReplay" button={w.count} tone="plain">
      <p>
        <strong>{w.replay}</strong>
      </p>
      <p class="quiet">{w.replayWhy}</p>
      <label>
        {w.replayName}
        <input type="text" name="name" required maxlength={100} value={text("name", suggested)} />
      </label>
      <label>
        {w.replayMode}
        <select name="mode">
          <option value="only_missing" selected={mode === "only_missing"}>
            {w.onlyMissing}
          </option>
          <option value="force" selected={mode === "force"}>
            {w.force}
          </option>
        </select>
      </label>
      <label>
        {w.replayTypes}
        <input type="text" name="types" value={text("types")} />
        <span class="hint">{w.replayTypesHint}</span>
      </label>
      <label>
        {w.from}
        <input type="text" name="from" value={text("from")} />
        <span class="hint">{w.timeHint}</span>
      </label>
      <label>
        {w.to}
        <input type="text" name="to" value={text("to")} />
      </label>
      <ReasonField visit={visit} action={refused} />
    </ActionForm>
  );
}

interface Preview {
  readonly count: number;
  readonly already_applied: number;
  readonly oldest: string | null;
  readonly newest: string | null;
}

function bodyOf(visit: Visit, form: Form) {
  const types = form
    .text("types")
    .split(/[\s,]+/)
    .filter((type) => type !== "");
  const [from, to] = [form.optional("from"), form.optional("to")];
  return {
    subscriber: visit.param("subscriber"),
    name: form.text("name"),
    mode: form.text("mode"),
    reason: form.text("reason"),
    ...(types.length === 0 ? {} : { types }),
    ...(from === null ? {} : { from }),
    ...(to === null ? {} : { to }),
  };
}

/** Counts anew: between two looks events come. */
async function count(visit: Visit, form: Form): Promise<Preview> {
  const { body } = await visit.api.change<Preview>("/api/replays", {
    body: { ...bodyOf(visit, form), dry_run: true },
    idempotencyKey: null,
  });
  return body;
}

/** Shows what a replay would bring, and asks to type it. @param to the consumer's page */
export async function confirmReplay(visit: Visit, form: Form, to: string): Promise<ShownInstead> {
  const w = visit.words(consumerWords);
  const found = await count(visit, form);
  const { number } = visit.format;
  const title = w.replayTitle(visit.param("subscriber"));
  return {
    shown: {
      title,
      trail: [
        { href: visit.href("/consumers"), text: w.title },
        { href: to, text: visit.param("subscriber") },
      ],
      main: (
        <>
          <h1>{title}</h1>
          <p class="lead">{w.replayCount(number(found.count), number(found.already_applied))}</p>
          <p>{form.text("mode") === "force" ? w.replayForce : w.replayMissing}</p>
          {found.oldest === null ? null : (
            <p class="quiet">
              <Time visit={visit} at={found.oldest} as="dateTime" /> –{" "}
              <Time visit={visit} at={found.newest} as="dateTime" />
            </p>
          )}
          <ActionForm
            visit={visit}
            action="startReplay"
            button={w.start}
            tone="danger"
            to={to}
            class="stacked card"
            hidden={Object.fromEntries(fieldNames.map((name) => [name, form.text(name)]))}
          >
            <ConfirmCount visit={visit} count={found.count} />
          </ActionForm>
          <p>
            <a href={to}>{w.back}</a>
          </p>
        </>
      ),
    },
  };
}

export async function startReplay(visit: Visit, form: Form, goTo: string): Promise<Done> {
  requireConfirmed(form, (await count(visit, form)).count);
  const { requestId } = await visit.api.change("/api/replays", {
    body: bodyOf(visit, form),
    idempotencyKey: form.idempotencyKey,
  });
  return { goTo, told: visit.words(consumerWords).doneReplay(form.text("name")), requestId };
}
