import type { Visit } from "../page.ts";
import { type Asked, lineFields } from "../search/query-line.ts";
import { eventWords } from "../words/events.ts";
import { Table } from "./table.tsx";
import { Copy } from "./text.tsx";

/** What the stream filters itself. */
const streamed = ["type", "tenant_id", "correlation_id", "key", "severity"] as const;
/** What the browser filters, by fields of the event. */
const compared = [
  "actor_id",
  "agent_id",
  "source",
  "target",
  "module",
  "mission_id",
  "task_id",
  "causation_id",
  "payload",
  "text",
] as const;

interface LiveProps {
  readonly visit: Visit;
  readonly asked: Asked;
  readonly line: string;
}

/** Events of the search as they happen, on top of those that were found. The browser fills it. */
export function LiveEvents({ visit, asked, line }: LiveProps) {
  const w = visit.words(eventWords);
  const pick = (names: readonly (keyof Asked)[]) =>
    Object.fromEntries(names.flatMap((name) => (asked[name] === undefined ? [] : [[name, asked[name]]])));
  return (
    <div
      class="live"
      data-live={visit.href("/live", { ...pick(streamed), names: "none" })}
      data-also={JSON.stringify(pick(compared))}
      data-on={w.liveOn}
      data-paused={w.livePaused}
      data-ended={w.liveEnded}
      data-again={w.liveAgain}
      data-waiting={w.liveWaiting}
      data-pause={w.livePause}
      data-resume={w.liveResume}
    >
      <details data-hide-with-script>
        <summary>{w.live}</summary>
        <p>{w.liveHow}</p>
        <Copy visit={visit} text={tailCommand(asked)} />
      </details>
      <div class="buttons" data-live-buttons hidden>
        <button type="button" class="plain small" data-live-start>
          {w.liveStart}
        </button>
        <button type="button" class="plain small" data-live-pause hidden>
          {w.livePause}
        </button>
        <button type="button" class="plain small" data-live-stop hidden>
          {w.liveStop}
        </button>
        <span class="quiet" role="status" data-live-state />
      </div>
      <div data-live-rows hidden>
        {line === "" ? null : <p class="hint">{w.liveLimits}</p>}
        <Table
          label={w.live}
          isDense
          columns={[
            { name: w.time },
            { name: w.type },
            { name: w.tenant },
            { name: w.source },
            { name: w.severity },
            { name: w.payloadTitle, kind: "wide" },
          ]}
        />
      </div>
    </div>
  );
}

const options: Readonly<Partial<Record<keyof Asked, string>>> = {
  type: "type",
  tenant_id: "tenant",
  correlation_id: "correlation",
  key: "event-key",
  severity: "severity",
};

/** The same on the command line. */
function tailCommand(asked: Asked): string {
  const given = lineFields.flatMap(([, api]) => {
    const value = asked[api];
    const option = options[api];
    return value === undefined || option === undefined
      ? []
      : [` --${option} '${value.replaceAll("'", "'\\''")}'`];
  });
  return `charter tail --follow${given.join("")}`;
}
