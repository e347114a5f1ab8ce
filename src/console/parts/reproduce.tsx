import type { FoundEvent } from "../../http/kit/answers/events.ts";
import type { Visit } from "../page.ts";
import { oneEventWords } from "../words/event.ts";
import { Copy } from "./text.tsx";

/** An event as whoever publishes it writes it: without id, time and story, which a new one gets. */
function draftOf(event: FoundEvent): Readonly<Record<string, unknown>> {
  const { type, payload, target, tenant_id, actor_id, mission_id, task_id, severity } = event;
  const optional = { target, tenant_id, actor_id, mission_id, task_id, severity };
  const given = Object.entries(optional).filter(([, value]) => value !== null);
  return { type, payload, ...Object.fromEntries(given) };
}

/** The same event to be published again, as JSON and as a command. */
export function Reproduce({ visit, event }: { readonly visit: Visit; readonly event: FoundEvent }) {
  const w = visit.words(oneEventWords);
  const draft = draftOf(event);
  return (
    <section>
      <h2>{w.reproduce}</h2>
      <p class="quiet">{w.reproduceWhy}</p>
      <details>
        <summary>{w.asJson}</summary>
        <Copy visit={visit} text={JSON.stringify(draft, null, 2)} />
      </details>
      <details>
        <summary>{w.asCurl}</summary>
        <Copy visit={visit} text={curlOf(draft)} />
      </details>
    </section>
  );
}

function curlOf(draft: object): string {
  const body = JSON.stringify(draft).replaceAll("'", "'\\''");
  return `curl -X POST "$BRAIN_URL/api/events" \\
  -H "authorization: Bearer $BRAIN_API_KEY" \\
  -H "content-type: application/json" \\
  -d '${body}'`;
}
