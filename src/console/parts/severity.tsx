import type { Visit } from "../page.ts";
import { alertWords } from "../words/alerts.ts";
import { Badge, type Tone } from "./text.tsx";

const severityTones: Readonly<Record<string, Tone>> = {
  CRITICAL: "bad",
  ERROR: "bad",
  HIGH: "bad",
  WARNING: "warn",
};

/** How bad it is, in the system's own word: alerts write them small, events great. */
export function SeverityBadge({ severity }: { readonly severity: string }) {
  return <Badge tone={severityTones[severity.toUpperCase()] ?? "quiet"}>{severity}</Badge>;
}

const stateTones: Readonly<Record<string, Tone>> = {
  open: "bad",
  reopened: "bad",
  acknowledged: "info",
  closed: "quiet",
};

/** Whether somebody has to look after it. */
export function AlertStateBadge({ visit, state }: { readonly visit: Visit; readonly state: string }) {
  const w = visit.words(alertWords);
  const text =
    state === "open" || state === "reopened" || state === "acknowledged" || state === "closed"
      ? w[state]
      : state;
  return <Badge tone={stateTones[state] ?? "quiet"}>{text}</Badge>;
}
