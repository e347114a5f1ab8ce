import type { Command } from "commander";
import type { Story, StoryEvent, StoryOrigin } from "../../../http/kit/answers/events.ts";
import { cliOf, wholeNumber } from "../../command.ts";
import { duration, printable } from "../../output.ts";
import { countOfTries, pendingHeading, pendingLines, readPending } from "./story-pending.ts";

interface StoryOptions {
  readonly limit: number;
  readonly payload?: boolean;
}

/** `charter story`: what one request or one first event has led to. */
export function addStory(program: Command): void {
  program
    .command("story <correlation-id>")
    .description(
      "the events of a correlation id, each below the one that caused it, who handled them, and what waits or is tried again",
    )
    .option("--limit <n>", "events at most, the oldest ones", wholeNumber(1, 2_000), 1_000)
    .option("--payload", "show payloads too")
    .action(async (id: string, { limit, payload }: StoryOptions, command: Command) => {
      const { client, out } = cliOf(command);
      const story = await client.get<Story>(`/api/events/correlation/${encodeURIComponent(id)}`, {
        view: "flat",
        limit,
      });
      const events = story.events.filter(isEvent);
      if (out.json) {
        const { deliveries, missing } = await readPending(client, events);
        return out.data({ ...story, pending: deliveries, pending_missing: missing });
      }
      const { first_at, last_at } = story;
      const count = events.length;
      const span = duration(Date.parse(last_at) - Date.parse(first_at));
      out.line(`${count} ${count === 1 ? "event" : "events"} in ${span} from ${first_at}`);
      const branches = branchesOf(story.events);
      story.events.forEach((event, place) => {
        const text = isOrigin(event) ? describeOrigin(event) : describe(event, story, payload === true);
        out.line(`${branches[place]}${text}`);
      });
      const { deliveries, missing } = await readPending(client, events);
      if (deliveries.length > 0) out.line(`\n${pendingHeading(deliveries)}`);
      for (const line of pendingLines(deliveries)) out.line(line);
      if (missing !== null) out.note(missing);
      if (story.truncated)
        out.note("There is more of it; these are the oldest events. --limit goes to 2000.");
    });
}

/** No type of an event is one of these two words. */
function isOrigin(node: StoryEvent | StoryOrigin): node is StoryOrigin {
  return node.type === "request" || node.type === "job";
}

function isEvent(node: StoryEvent | StoryOrigin): node is StoryEvent {
  return !isOrigin(node);
}

function describeOrigin(origin: StoryOrigin): string {
  if (origin.type === "job") return ["job", origin.name, origin.timestamp].map(printable).join("  ");
  const { method, path, status, actor_id: actor, request_id: id } = origin;
  const parts = [
    `${method} ${path}`,
    status === null ? "status not known" : String(status),
    ...(actor === null ? [] : [`by ${actor}`]),
    `request ${id}`,
  ];
  return parts.map(printable).join("  ");
}

/** Finer than a duration: what followed within the same second has an order too. */
export function sinceFirst(ms: number): string {
  return ms < 10_000 ? `${ms} ms` : duration(ms);
}

function describe(event: StoryEvent, { first_at }: Story, withPayload: boolean): string {
  const handled = event.handled_by.map(({ subscriber, replay_epoch }) =>
    replay_epoch === undefined ? subscriber : `${subscriber} (replayed)`,
  );
  const failed = event.dead_letters.map(describeLetter);
  const parts = [
    event.type,
    `+${sinceFirst(Date.parse(event.timestamp) - Date.parse(first_at))}`,
    ...(handled.length === 0 ? [] : [`handled by ${handled.join(", ")}`]),
    ...(failed.length === 0 ? [] : [`failed for ${failed.join(", ")}`]),
    ...(event.sent_at === null ? ["unsent"] : []),
    ...(event.depth === 0 && event.causation_id !== null ? [`caused by ${event.causation_id}`] : []),
    event.id,
    ...(withPayload ? [JSON.stringify(event.payload)] : []),
  ];
  return parts.map(printable).join("  ");
}

function describeLetter(letter: StoryEvent["dead_letters"][number]): string {
  const { subscriber, id, reason, status, attempts, error } = letter;
  const tries = attempts === undefined ? "" : `, after ${countOfTries(attempts)}`;
  return `${subscriber} (dead letter ${id}: ${reason}, ${status}${tries}${error === undefined ? "" : `: ${error}`})`;
}

/** Levels that are drawn; of a deeper event only the last ones are, behind its depth. */
const maxDrawn = 20;

/** The lines of the tree in front of each event. `events` are in the order of the tree, each with its depth. */
export function branchesOf(events: readonly { readonly depth: number }[]): string[] {
  const isLast = lastAmongSiblings(events);
  // For each level above: whether something follows on it further down.
  const levels: string[] = [];
  return events.map(({ depth }, place) => {
    levels.length = depth;
    const last = isLast[place] === true;
    const drawn = depth === 0 ? [] : [...levels.slice(1), last ? "└─ " : "├─ "];
    levels[depth] = last ? "   " : "│  ";
    return drawn.length > maxDrawn ? `…${depth} ${drawn.slice(-maxDrawn).join("")}` : drawn.join("");
  });
}

function lastAmongSiblings(events: readonly { readonly depth: number }[]): boolean[] {
  const isLast = events.map(() => true);
  /** Levels on which a later sibling was seen. */
  const later: boolean[] = [];
  for (let place = events.length - 1; place >= 0; place -= 1) {
    const depth = events[place]?.depth ?? 0;
    isLast[place] = later[depth] !== true;
    // What is deeper belongs to this event.
    later.length = depth;
    later[depth] = true;
  }
  return isLast;
}
