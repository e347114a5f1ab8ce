import type { Story } from "../../http/kit/answers/events.ts";
import type { PageModule, Visit } from "../page.ts";
import { StoryTree } from "../parts/story-rows.tsx";
import { StoryTimeline } from "../parts/story-timeline.tsx";
import { Facts, Time } from "../parts/text.tsx";
import { isOrigin, timelineOf } from "../story/timeline.ts";
import { eventWords } from "../words/events.ts";
import { storyWords } from "../words/story.ts";

/** Events that are shown; the last is as many as the API gives. */
const sizes = [200, 500, 1_000, 2_000] as const;

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(storyWords);
    const id = visit.param("id");
    const limit = sizes.find((size) => String(size) === visit.query("limit")) ?? sizes[0];
    const story = await visit.api.get<Story>(`/api/events/correlation/${encodeURIComponent(id)}`, {
      view: "flat",
      limit,
    });
    const isTree = visit.query("view") === "tree";
    const count = story.events.filter((node) => !isOrigin(node)).length;
    return {
      title: w.title(id),
      trail: [{ href: visit.href("/events"), text: visit.words(eventWords).title }],
      main: (
        <>
          <h1>{w.title(id)}</h1>
          <Facts
            of={[
              [w.events, visit.format.number(count)],
              [w.first, <Time visit={visit} at={story.first_at} as="dateTime" />],
              [w.last, <Time visit={visit} at={story.last_at} as="dateTime" />],
              [w.took, visit.format.duration(Date.parse(story.last_at) - Date.parse(story.first_at))],
            ]}
          />
          <nav class="tabs" aria-label={w.view}>
            <a href={visit.hrefHere({ view: null })} aria-current={isTree ? undefined : "page"}>
              {w.timeline}
            </a>
            <a href={visit.hrefHere({ view: "tree" })} aria-current={isTree ? "page" : undefined}>
              {w.tree}
            </a>
          </nav>
          {isTree ? (
            <StoryTree visit={visit} nodes={story.events} />
          ) : (
            <StoryTimeline visit={visit} timeline={timelineOf(story.events, visit.now)} />
          )}
          <More visit={visit} story={story} limit={limit} />
        </>
      ),
    };
  },
};

function More({
  visit,
  story,
  limit,
}: {
  readonly visit: Visit;
  readonly story: Story;
  readonly limit: number;
}) {
  const w = visit.words(storyWords);
  const next = sizes.find((size) => size > limit);
  return (
    <p class="pager">
      {story.truncated ? <span class="quiet">{w.truncated(visit.format.number(limit))}</span> : null}
      {story.truncated && next !== undefined ? <a href={visit.hrefHere({ limit: next })}>{w.more}</a> : null}
      <a href={visit.href("/events", { correlation_id: story.correlation_id, order: "oldest" })}>
        {w.allEvents}
      </a>
    </p>
  );
}
