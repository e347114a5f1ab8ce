import type { Visit } from "../page.ts";
import { settingsWords } from "../words/settings.ts";
import { Badge } from "./text.tsx";

/** Whether a key is good. */
export function KeyStatus({ visit, status }: { readonly visit: Visit; readonly status: string }) {
  const w = visit.words(settingsWords);
  if (status === "active") return <Badge tone="good">{w.active}</Badge>;
  return <Badge tone="quiet">{status === "expired" ? w.expired : w.revoked}</Badge>;
}
