import type { MissionStatus } from "../answers/missions.ts";
import type { Visit } from "../page.ts";
import { missionWords } from "../words/missions.ts";
import { Badge, type Tone } from "./text.tsx";

const tones: Readonly<Record<MissionStatus, Tone>> = {
  pending: "quiet",
  queued: "info",
  running: "info",
  paused: "warn",
  completed: "good",
  failed: "bad",
  cancelled: "quiet",
};

export function MissionBadge({ visit, status }: { readonly visit: Visit; readonly status: MissionStatus }) {
  return <Badge tone={tones[status]}>{visit.words(missionWords)[status]}</Badge>;
}
