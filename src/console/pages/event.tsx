import type { DeclaredEvent, EventEffects, FoundEvent } from "../../http/kit/answers/events.ts";
import type { Job } from "../../http/kit/answers/operations.ts";
import type { Tried, TryOffers } from "../../http/kit/answers/trial.ts";
import type { PageModule, Visit } from "../page.ts";
import { CauseAndEffects, ConsumerEffects } from "../parts/event-effects.tsx";
import { EventFacts, metaOf } from "../parts/event-facts.tsx";
import { ActionForm, field, ReasonField, typed } from "../parts/form.tsx";
import { Json } from "../parts/json.tsx";
import { Reproduce } from "../parts/reproduce.tsx";
import { SchemaDiff } from "../parts/schema-diff.tsx";
import { TriedOut } from "../parts/tried.tsx";
import { oneEventWords } from "../words/event.ts";
import { eventWords } from "../words/events.ts";
import { tryWords } from "../words/tries.ts";

const routeOf = (visit: Visit) => `/api/events/${encodeURIComponent(visit.param("id"))}`;

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(oneEventWords);
    const [event, effects, offers] = await Promise.all([
      visit.api.get<FoundEvent>(routeOf(visit)),
      visit.api.get<EventEffects>(`${routeOf(visit)}/effects`),
      visit.can("operate") ? visit.api.find<TryOffers>(`${routeOf(visit)}/try`) : null,
    ]);
    const type = event.type ?? "";
    const declared = await visit.api.find<DeclaredEvent>(`/api/catalog/${encodeURIComponent(type)}`, {
      observed: false,
    });
    const id = event.id ?? "";
    const version = metaOf(event).schema_version;
    return {
      title: type,
      trail: [{ href: visit.href("/events"), text: visit.words(eventWords).title }],
      main: (
        <>
          <h1>{type}</h1>
          {declared === null ? null : <p class="lead">{declared.when}</p>}
          <div class="envelope">
            <EventFacts visit={visit} event={event} />
          </div>
          <ConsumerEffects visit={visit} effects={effects} sentAt={event.sent_at} />
          <CauseAndEffects visit={visit} id={id} effects={effects} />
          <section>
            <h2>{w.payload}</h2>
            <Json visit={visit} value={event.payload} />
            <h3>{w.schema}</h3>
            <SchemaDiff
              visit={visit}
              payload={event.payload}
              storedVersion={typeof version === "number" ? version : null}
              declared={declared}
            />
          </section>
          <TryOut visit={visit} offers={offers} />
          <Reproduce visit={visit} event={event} />
          {visit.can("operate") ? <Replay visit={visit} effects={effects} /> : null}
        </>
      ),
    };
  },
  actions: {
    async try(visit, form) {
      // Nothing is kept of a try, so no key either.
      const { body: tried } = await visit.api.change<Tried>(`${routeOf(visit)}/try`, {
        body: { subscriber: form.text("subscriber") },
        idempotencyKey: null,
      });
      const { title } = visit.words(tryWords);
      const trail = [
        { href: visit.href("/events"), text: visit.words(eventWords).title },
        { href: visit.hrefHere({}), text: tried.event_type },
      ];
      return {
        shown: {
          title,
          trail,
          main: (
            <>
              <h1>{title}</h1>
              <TriedOut visit={visit} tried={tried} />
            </>
          ),
        },
      };
    },
    async replay(visit, form) {
      const name = `event ${visit.param("id").slice(0, 8)} ${form.idempotencyKey.slice(0, 8)}`;
      const { body, requestId } = await visit.api.change<Job>("/api/replays", {
        body: {
          subscriber: form.text("subscriber"),
          event_id: visit.param("id"),
          name,
          mode: form.text("mode"),
          reason: form.text("reason"),
        },
        idempotencyKey: form.idempotencyKey,
      });
      return {
        goTo: visit.href(`/jobs/replays/${body.id}`),
        told: visit.words(oneEventWords).replayDone(body.name),
        requestId,
      };
    },
  },
};

/** What a consumer would do with the event, before it is replayed. Null: nobody can be asked. */
function TryOut({ visit, offers }: { readonly visit: Visit; readonly offers: TryOffers | null }) {
  const w = visit.words(oneEventWords);
  const consumers = offers?.consumers ?? [];
  const offered = consumers.filter(({ not_tried }) => not_tried === null);
  if (consumers.length === 0) return null;
  return (
    <section>
      <h2>{w.tryOut}</h2>
      <p class="quiet">{w.tryWhy}</p>
      <div class="buttons">
        {offered.map(({ subscriber }) => (
          <ActionForm
            visit={visit}
            action="try"
            button={w.tryWith(subscriber)}
            tone="plain"
            class="inline"
            hidden={{ subscriber }}
          />
        ))}
      </div>
      {consumers.map(({ subscriber, not_tried }) =>
        not_tried === null ? null : <p class="quiet">{w.tryNot(subscriber, not_tried)}</p>,
      )}
    </section>
  );
}

/** One consumer gets the event once more. */
function Replay({ visit, effects }: { readonly visit: Visit; readonly effects: EventEffects }) {
  const w = visit.words(oneEventWords);
  const subscribers = effects.consumers
    .filter(({ handles, state }) => handles && state !== "passed")
    .map(({ subscriber }) => subscriber);
  if (subscribers.length === 0) return null;
  const [first = ""] = subscribers;
  const chosen = typed(visit, "replay", "subscriber", first);
  const mode = typed(visit, "replay", "mode", "only_missing");
  return (
    <section>
      <h2>{w.replay}</h2>
      <div class="actions">
        <ActionForm visit={visit} action="replay" button={w.replayStart} tone="plain">
          <p class="quiet">{w.replayWhy}</p>
          <label>
            {w.consumer}
            <select {...field(visit, "replay", "subscriber")}>
              {subscribers.map((name) => (
                <option value={name} selected={name === chosen}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label>
            {w.mode}
            <select {...field(visit, "replay", "mode")}>
              {(["only_missing", "force"] as const).map((one) => (
                <option value={one} selected={one === mode}>
                  {one === "force" ? w.force : w.onlyMissing}
                </option>
              ))}
            </select>
          </label>
          <ReasonField visit={visit} action="replay" />
        </ActionForm>
      </div>
    </section>
  );
}
