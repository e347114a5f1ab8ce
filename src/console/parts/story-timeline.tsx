import type { Visit } from "../page.ts";
import type { Gap, Timeline, TimelineRow } from "../story/timeline.ts";
import { storyWords } from "../words/story.ts";
import { StoryText } from "./story-rows.tsx";
import { Time } from "./text.tsx";

/*
 * Time goes down, lanes stand beside each other, and what happened is text beside its place: so it can be read on a
 * phone, by a screen reader, and on paper. Each row draws its own part of the lines, and is as high as its text.
 */

/** Of one lane, and where the middle of the first line of text is, px. */
const laneWidth = 16;
const middle = 14;

const x = (lane: number) => lane * laneWidth + laneWidth / 2;
const color = (lane: number) => `c${(lane % 4) + 1}`;

interface TimelineProps {
  readonly visit: Visit;
  readonly timeline: Timeline;
}

export function StoryTimeline({ visit, timeline }: TimelineProps) {
  const w = visit.words(storyWords);
  const { rows, lanes, others, openGap } = timeline;
  const names = [...lanes, ...(others ? [w.others] : [])];
  const width = names.length * laneWidth;
  return (
    <>
      <ul class="lanes" aria-label={w.lanes}>
        {names.map((name, lane) => (
          <li>
            <svg width={laneWidth} height={laneWidth} aria-hidden="true">
              <Mark lane={lane} cx={laneWidth / 2} cy={laneWidth / 2} />
            </svg>
            {name === "request" ? w.request : name === "job" ? w.job : name}
          </li>
        ))}
      </ul>
      <ol class={`timeline l${names.length}`}>
        {rows.map((row) => (
          <>
            {row.gap === null ? null : (
              <GapRow visit={visit} gap={row.gap} through={row.gap.through} width={width} />
            )}
            <Row visit={visit} row={row} width={width} />
          </>
        ))}
        {openGap === null ? null : <GapRow visit={visit} gap={openGap} through={[]} width={width} />}
      </ol>
    </>
  );
}

function Row({
  visit,
  row,
  width,
}: {
  readonly visit: Visit;
  readonly row: TimelineRow;
  readonly width: number;
}) {
  const w = visit.words(storyWords);
  const { node, lane, from, through, hasEffects, atMs, afterCauseMs } = row;
  return (
    <li>
      <svg width={width} height="100%" aria-hidden="true">
        <Lines through={through} />
        {from === null ? null : (
          <path class={`line ${color(from)}`} d={`M${x(from)} 0V${middle}H${x(lane)}`} />
        )}
        {hasEffects ? (
          <line class={`line ${color(lane)}`} x1={x(lane)} x2={x(lane)} y1={middle} y2="100%" />
        ) : null}
        <Mark lane={lane} cx={x(lane)} cy={middle} />
      </svg>
      <div>
        <StoryText visit={visit} node={node}>
          <span class="quiet">
            +{visit.format.duration(atMs)}
            {afterCauseMs === null ? null : `, ${w.afterCause(visit.format.duration(afterCauseMs))}`}
            {", "}
            <Time visit={visit} at={node.timestamp} />
          </span>
        </StoryText>
      </div>
    </li>
  );
}

function Lines({ through }: { readonly through: readonly number[] }) {
  return (
    <>
      {through.map((lane) => (
        <line class={`line ${color(lane)}`} x1={x(lane)} x2={x(lane)} y1="0" y2="100%" />
      ))}
    </>
  );
}

/** A lane has its own form where colours come again. */
function Mark({ lane, cx, cy }: { readonly lane: number; readonly cx: number; readonly cy: number }) {
  return lane < 4 ? (
    <circle class={`bar ${color(lane)}`} cx={cx} cy={cy} r="5" />
  ) : (
    <rect class={`bar ${color(lane)}`} x={cx - 5} y={cy - 5} width="10" height="10" />
  );
}

interface GapProps {
  readonly visit: Visit;
  readonly gap: Gap;
  readonly through: readonly number[];
  readonly width: number;
}

function GapRow({ visit, gap: { ms, kind, step, isOpen }, through, width }: GapProps) {
  const w = visit.words(storyWords);
  const text = w[kind](visit.format.duration(ms));
  return (
    <li class={`gap g${step} ${kind}`}>
      <svg width={width} height="100%" aria-hidden="true">
        <Lines through={through} />
      </svg>
      <div>
        <span>{isOpen ? w.open(text) : text}</span>
      </div>
    </li>
  );
}
