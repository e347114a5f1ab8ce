import type { Child } from "hono/jsx";
import type { StoryEvent, StoryOrigin } from "../../http/kit/answers/events.ts";
import type { Visit } from "../page.ts";
import { isOrigin, type StoryNode } from "../story/timeline.ts";
import { storyWords } from "../words/story.ts";
import { cut, EventSeverity } from "./event-rows.tsx";
import { Badge, Time } from "./text.tsx";

interface NodeProps<Node> {
  readonly visit: Visit;
  readonly node: Node;
  /** Beside the name: when it was. */
  readonly children?: Child;
}

/** What one row of a story says. */
export function StoryText({ visit, node, children }: NodeProps<StoryNode>) {
  return isOrigin(node) ? (
    <OriginText visit={visit} node={node}>
      {children}
    </OriginText>
  ) : (
    <EventText visit={visit} node={node}>
      {children}
    </EventText>
  );
}

function OriginText({ visit, node, children }: NodeProps<StoryOrigin>) {
  const w = visit.words(storyWords);
  if (node.type === "job") {
    return (
      <p>
        <b>
          {w.job} {node.name}
        </b>{" "}
        {children}
      </p>
    );
  }
  const { method, path, status, actor_id: actor } = node;
  return (
    <p>
      <b>
        {w.request} {method} {cut(path, 120)}
      </b>{" "}
      <span class="quiet">
        {status === null ? w.statusUnknown : w.status(String(status))}
        {actor === null ? null : ` ${w.by(actor)}`}
      </span>{" "}
      {children}
    </p>
  );
}

function EventText({ visit, node, children }: NodeProps<StoryEvent>) {
  const w = visit.words(storyWords);
  const { id, type, module, source, severity, sent_at } = node;
  return (
    <>
      <p>
        <a href={visit.href(`/events/${id}`)}>{type}</a>{" "}
        <span class="quiet">{cut(module ?? source, 60)}</span>{" "}
        {severity === null || severity === "INFO" ? null : <EventSeverity severity={severity} />} {children}
        {sent_at === null ? <Badge tone="warn">{w.unsent}</Badge> : null}
      </p>
      <HandledBy visit={visit} node={node} />
      <FailedFor visit={visit} node={node} />
    </>
  );
}

function HandledBy({ visit, node: { handled_by, dead_letters, timestamp } }: NodeProps<StoryEvent>) {
  const w = visit.words(storyWords);
  // What was given up counts as handled, so that it is not delivered again; nothing came of it.
  const givenUp = new Set(
    dead_letters.filter(({ status }) => status === "discarded").map(({ subscriber }) => subscriber),
  );
  const handled = handled_by.filter(({ subscriber }) => !givenUp.has(subscriber));
  if (handled.length === 0) return null;
  return (
    <p class="quiet">
      {w.handled}{" "}
      {handled
        .map(({ subscriber, processed_at, replay_epoch }) => {
          const after = visit.format.duration(Math.max(0, Date.parse(processed_at) - Date.parse(timestamp)));
          return `${subscriber} (+${after}${replay_epoch === undefined ? "" : `, ${w.replayed}`})`;
        })
        .join(", ")}
    </p>
  );
}

function FailedFor({ visit, node: { dead_letters: letters } }: NodeProps<StoryEvent>) {
  const w = visit.words(storyWords);
  return (
    <>
      {letters.map(({ subscriber, id, reason, status, attempts = 1, last_failed_at: at }) => (
        <p>
          <Badge tone={status === "open" ? "bad" : "quiet"}>
            {w.failed} {subscriber}
          </Badge>{" "}
          <a href={visit.href(`/dead-letters/${id}`)}>{w.deadLetter(id, reason, status)}</a>{" "}
          <span class="quiet">
            {w.tries(visit.format.number(attempts))}
            {at === undefined ? null : (
              <>
                , <Time visit={visit} at={at} />
              </>
            )}
          </span>
        </p>
      ))}
    </>
  );
}

/** Deeper levels are not moved in further; their number says how deep they are. */
const maxIndent = 8;

/** The causes and effects of a story, each event below what caused it. */
export function StoryTree({ visit, nodes }: { readonly visit: Visit; readonly nodes: readonly StoryNode[] }) {
  const w = visit.words(storyWords);
  return (
    <ol class="story-tree">
      {nodes.map((node) => (
        <li class={`d${Math.min(maxIndent, node.depth)}`}>
          <StoryText visit={visit} node={node}>
            <span class="quiet">
              <Time visit={visit} at={node.timestamp} />
              {node.depth > maxIndent ? `, ${w.depth(String(node.depth))}` : null}
            </span>
          </StoryText>
        </li>
      ))}
    </ol>
  );
}
