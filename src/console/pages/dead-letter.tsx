import type { BlockedKeys } from "../../http/kit/answers/consumers.ts";
import type { DeadLetterDetails } from "../../http/kit/answers/dead-letters.ts";
import type { Tried } from "../../http/kit/answers/trial.ts";
import { invalidForm } from "../api.ts";
import { requireConfirmed } from "../confirm.ts";
import type { PageModule, ShownInstead, Visit } from "../page.ts";
import { ConsumerLink } from "../parts/consumer-link.tsx";
import { ActionForm, ConfirmCount, field, ReasonField, typed } from "../parts/form.tsx";
import { Json } from "../parts/json.tsx";
import { LetterBadge } from "../parts/letters.tsx";
import { Badge, Facts, Time } from "../parts/text.tsx";
import { TriedOut } from "../parts/tried.tsx";
import { deadLetterWords } from "../words/dead-letters.ts";
import { tryWords } from "../words/tries.ts";

const routeOf = (visit: Visit) => `/api/dead-letters/${encodeURIComponent(visit.param("id"))}`;
const pathOf = (visit: Visit) => visit.href(`/dead-letters/${encodeURIComponent(visit.param("id"))}`);
const read = (visit: Visit) => visit.api.get<DeadLetterDetails>(routeOf(visit));
const trailOf = (visit: Visit) => ({
  href: visit.href("/dead-letters"),
  text: visit.words(deadLetterWords).title,
});

/** One dead letter: why, what it was, what waits behind it; try it, then redrive, edit or give up. */
export const page: PageModule = {
  async show(visit) {
    const w = visit.words(deadLetterWords);
    const letter = await read(visit);
    const waiting = await waitingBehind(visit, letter);
    const isOpen = letter.status === "open";
    return {
      title: w.letter(letter.id),
      trail: [
        trailOf(visit),
        { href: visit.href(`/dead-letters/groups/${letter.fingerprint}`), text: letter.error_class },
      ],
      main: (
        <>
          <h1>{w.letter(letter.id)}</h1>
          <p class="lead">
            {letter.error_class}: {letter.error_message}
          </p>
          <LetterFacts visit={visit} letter={letter} />
          {visit.can("operate") && letter.has_body ? <TryFirst visit={visit} letter={letter} /> : null}
          {letter.has_body ? null : <div class="message warn">{w.noBody}</div>}
          <section>
            <h2>{w.whereItFailed}</h2>
            {letter.error_stack === null ? (
              <p class="quiet">{w.noStack}</p>
            ) : (
              <pre tabindex={0}>
                <code>{letter.error_stack}</code>
              </pre>
            )}
          </section>
          <Behind visit={visit} letter={letter} waiting={waiting} />
          <Fields visit={visit} title={w.payload} fields={letter.raw_fields} />
          <Fields visit={visit} title={w.edited} fields={letter.edited_fields} />
          <History visit={visit} letter={letter} />
          {isOpen && visit.can("operate") ? <Changes visit={visit} letter={letter} /> : null}
        </>
      ),
    };
  },
  actions: {
    try: async (visit) => tryOut(visit, null),
    editTry: async (visit, form) => tryOut(visit, form.text("payload")),
    async redrive(visit, form) {
      const payload = form.optional("payload");
      const { requestId } = await visit.api.change(`${routeOf(visit)}/redrive`, {
        body: {
          reason: form.text("reason"),
          ...(payload === null ? {} : { payload: payloadOf(visit, payload) }),
        },
        idempotencyKey: form.idempotencyKey,
      });
      const w = visit.words(deadLetterWords);
      return { goTo: pathOf(visit), told: payload === null ? w.doneRedriven : w.doneEdited, requestId };
    },
    async discard(visit, form) {
      requireConfirmed(form, 1);
      const { requestId } = await visit.api.change(`${routeOf(visit)}/discard`, {
        body: { reason: form.text("reason") },
        idempotencyKey: form.idempotencyKey,
      });
      return { goTo: pathOf(visit), told: visit.words(deadLetterWords).doneDiscarded, requestId };
    },
  },
};

/** @throws {ApiRefusal} it is no JSON object */
function payloadOf(visit: Visit, text: string): object {
  const w = visit.words(deadLetterWords);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalidForm(`${w.notJson} ${error instanceof Error ? error.message : ""}`, "payload");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw invalidForm(w.notObject, "payload");
}

/** Runs the handler, shows what it would do, and offers what comes next. @param text of an edited payload; null: none */
async function tryOut(visit: Visit, text: string | null): Promise<ShownInstead> {
  const payload = text === null ? {} : { payload: payloadOf(visit, text) };
  // Nothing is kept of a try, so no key either.
  const { body: tried } = await visit.api.change<Tried>(`${routeOf(visit)}/try`, {
    body: payload,
    idempotencyKey: null,
  });
  const letter = await read(visit);
  const w = visit.words(deadLetterWords);
  const t = visit.words(tryWords);
  return {
    shown: {
      title: t.title,
      trail: [trailOf(visit), { href: pathOf(visit), text: w.letter(letter.id) }],
      main: (
        <>
          <h1>{t.title}</h1>
          <TriedOut visit={visit} tried={tried} />
          {letter.status === "open" ? (
            <section>
              <h2>{t.next}</h2>
              <div class="actions">
                <ActionForm
                  visit={visit}
                  action="redrive"
                  button={text === null ? w.redrive : w.redriveEdited}
                  hidden={{ payload: text }}
                  {...(tried.outcome === "applied" ? {} : { tone: "plain" as const })}
                >
                  <p class="quiet">{text === null ? w.redriveWhy : w.editWhy}</p>
                  <ReasonField visit={visit} action="redrive" />
                </ActionForm>
                {text === null ? null : <EditForm visit={visit} text={text} />}
              </div>
            </section>
          ) : null}
          <p>
            <a href={pathOf(visit)}>{t.back}</a>
          </p>
        </>
      ),
    },
  };
}

/** How many later events of its key wait for it; null: nobody can tell the caller. */
async function waitingBehind(visit: Visit, letter: DeadLetterDetails): Promise<number | null> {
  if (letter.key === null || letter.status !== "open" || !visit.isForAllTenants) return null;
  const found = await visit.api.find<BlockedKeys>(
    `/api/consumers/${encodeURIComponent(letter.subscriber)}/blocked-keys`,
    { limit: 500 },
  );
  if (found === null) return null;
  return found.blocked_keys.find(({ key }) => key === letter.key)?.waiting ?? 0;
}

interface LetterProps {
  readonly visit: Visit;
  readonly letter: DeadLetterDetails;
}

function LetterFacts({ visit, letter }: LetterProps) {
  const w = visit.words(deadLetterWords);
  const { event_id, correlation_id, key } = letter;
  return (
    <Facts
      of={[
        [w.status, <LetterBadge visit={visit} status={letter.status} />],
        [w.consumer, <ConsumerLink visit={visit} subscriber={letter.subscriber} />],
        [w.type, letter.event_type === null ? null : <code>{letter.event_type}</code>],
        [w.reason, <Badge tone="quiet">{letter.reason}</Badge>],
        [w.tenant, letter.tenant_id],
        [
          w.event,
          event_id === null ? null : (
            <a href={visit.href(`/events/${encodeURIComponent(event_id)}`)}>
              <code>{event_id}</code>
            </a>
          ),
        ],
        [
          w.story,
          correlation_id === null ? null : (
            <a href={visit.href(`/stories/${encodeURIComponent(correlation_id)}`)}>
              <code>{correlation_id}</code>
            </a>
          ),
        ],
        [
          w.key,
          key === null ? null : (
            <a
              href={visit.href("/dead-letters/list", { subscriber: letter.subscriber, key, status: "all" })}
              title={w.sameKey}
            >
              {key}
            </a>
          ),
        ],
        [w.attempts, visit.format.number(letter.attempts)],
        [w.redrives, letter.redrives === 0 ? null : visit.format.number(letter.redrives)],
        [w.first, <Time visit={visit} at={letter.first_failed_at} as="dateTime" />],
        [w.last, <Time visit={visit} at={letter.last_failed_at} as="dateTime" />],
        [w.resolution, letter.resolution],
      ]}
    />
  );
}

/** Before everything else that can be done. */
function TryFirst({ visit, letter }: LetterProps) {
  const w = visit.words(deadLetterWords);
  return (
    <section class="card">
      <h2>{w.tryFirst}</h2>
      {letter.not_tried === null ? (
        <ActionForm visit={visit} action="try" button={w.tryIt}>
          <p class="quiet">{w.tryWhy}</p>
        </ActionForm>
      ) : (
        <p>
          {w.notTried} {letter.not_tried}
        </p>
      )}
    </section>
  );
}

function Behind({ visit, letter, waiting }: LetterProps & { readonly waiting: number | null }) {
  if (letter.key === null || waiting === null) return null;
  const w = visit.words(deadLetterWords);
  return (
    <section>
      <h2>{w.behind}</h2>
      <p>{waiting === 0 ? w.behindNone : w.behindSome(visit.format.number(waiting))}</p>
    </section>
  );
}

interface FieldsProps {
  readonly visit: Visit;
  readonly title: string;
  readonly fields: Readonly<Record<string, string>> | null;
}

function Fields({ visit, title, fields }: FieldsProps) {
  if (fields === null) return null;
  const { payload = "", ...envelope } = fields;
  return (
    <section>
      <h2>{title}</h2>
      <Json visit={visit} value={parsed(payload)} />
      <details>
        <summary>{visit.words(deadLetterWords).otherFields}</summary>
        <Json visit={visit} value={envelope} />
      </details>
    </section>
  );
}

function History({ visit, letter }: LetterProps) {
  const w = visit.words(deadLetterWords);
  if (letter.actions.length === 0) return null;
  return (
    <section>
      <h2>{w.history}</h2>
      <ol class="history">
        {letter.actions.map(({ at, action, actor_id, reason, request_id, job_id }) => (
          <li>
            <Time visit={visit} at={at} as="dateTime" />{" "}
            {request_id === null ? action : <a href={visit.href("/audit", { request_id })}>{action}</a>}{" "}
            {w.by(actor_id ?? w.nobody)}
            {job_id === null ? null : (
              <>
                {" · "}
                <a href={visit.href(`/jobs/redrives/${job_id}`)}>{job_id}</a>
              </>
            )}
            {reason === null ? null : <p class="quiet">{reason}</p>}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Changes({ visit, letter }: LetterProps) {
  const w = visit.words(deadLetterWords);
  return (
    <section class="actions">
      {letter.has_body ? (
        <>
          <ActionForm visit={visit} action="redrive" button={w.redrive} tone="plain">
            <h2>{w.redrive}</h2>
            <p class="quiet">{w.redriveWhy}</p>
            <ReasonField visit={visit} action="redrive" />
          </ActionForm>
          <EditForm visit={visit} text={payloadText(letter)} />
        </>
      ) : null}
      <ActionForm visit={visit} action="discard" button={w.discard} tone="danger">
        <h2>{w.discard}</h2>
        <p class="quiet">{w.discardWhy}</p>
        <ReasonField visit={visit} action="discard" />
        <ConfirmCount visit={visit} action="discard" count={1} />
      </ActionForm>
    </section>
  );
}

function EditForm({ visit, text }: { readonly visit: Visit; readonly text: string }) {
  const w = visit.words(deadLetterWords);
  return (
    <ActionForm visit={visit} action="editTry" button={w.editTry} tone="plain">
      <h2>{w.editTitle}</h2>
      <p class="quiet">{w.editWhy}</p>
      <label>
        {w.editLabel}
        <textarea class="code" {...field(visit, "editTry", "payload")} required spellcheck={false}>
          {typed(visit, "editTry", "payload", text)}
        </textarea>
      </label>
    </ActionForm>
  );
}

function payloadText({ edited_fields, raw_fields }: DeadLetterDetails): string {
  const text = (edited_fields ?? raw_fields)?.payload;
  return text === undefined ? "{}" : JSON.stringify(parsed(text), null, 2);
}

/** Text that is no JSON as it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
