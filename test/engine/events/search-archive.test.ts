import { readFile, writeFile } from "node:fs/promises";
import { beforeEach, expect, test } from "vitest";
import { search } from "../../../src/engine/events/search.ts";
import type { SearchFilter } from "../../../src/engine/events/search-sql.ts";
import { readStory } from "../../../src/engine/events/story.ts";
import { archiveDays } from "../../../src/engine/retention/archive-days.ts";
import type { Backbone } from "../../backbone.ts";
import { wholeDay } from "../../whole-day.ts";
import { openBackbone, publishReports } from "../fixture.ts";
import { daysAgo, moveToDay, openFolder } from "../retention/janitor-fixture.ts";

beforeEach(() => wholeDay());

const always = () => true;

/** Two days in the archive, each with an entry of another program, and two events that are not. */
async function openArchived() {
  const backbone = await openBackbone();
  const { archive, folder } = await openFolder();
  const days = [daysAgo(101), daysAgo(100)];
  for (const day of days) {
    const before = await newest(backbone);
    await publishReports(backbone, 3);
    await moveToDay(backbone, day, `position > ${before}`);
    await backbone.sql(
      `INSERT INTO archived_entries (stream_name, stream_message_id, event_type, tenant_id, raw_fields, archived_at)
       VALUES ('s', $1 || '-1', 'x.y', 'acme', '{"type":"x.y"}', ($1::date + interval '2 hours') AT TIME ZONE 'UTC')`,
      [day],
    );
  }
  await backbone.sql("UPDATE events SET correlation_id = 'old-story' WHERE position <= 2");
  await backbone.relay();
  expect(await archiveDays({ ...backbone.open(), archive }, always)).toMatchObject({ more: false });
  await publishReports(backbone, 2);
  return { backbone, archive, folder, days };
}

const newest = async (backbone: Backbone) =>
  Number(
    (await backbone.sql<{ last: string }>("SELECT coalesce(max(position), 0) AS last FROM events"))[0]?.last,
  );

test("a search goes on in the archive, page by page, in both orders", async () => {
  const { backbone, archive } = await openArchived();
  const { db, now } = backbone.open();
  const all = async (filter: SearchFilter, order: "asc" | "desc", entries: "own" | "all" = "all") => {
    const seen: number[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await search({ db, all: db, archive, now }, filter, {
        order,
        limit: 3,
        entries,
        archive: true,
        ...(cursor === undefined ? {} : { cursor }),
      });
      seen.push(...page.found.map(({ position }) => position));
      if (page.nextCursor === null) return seen;
      cursor = page.nextCursor;
    }
  };
  expect(await all({}, "desc")).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  expect(await all({}, "asc")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(await all({}, "asc", "own")).toEqual([1, 2, 3, 5, 6, 7, 9, 10]);
  expect(await all({ tenant_id: "acme" }, "desc")).toEqual([8, 4]);
  expect(await all({ types: ["x.*"] }, "desc")).toEqual([8, 4]);
  expect(
    await all({ from: `${daysAgo(100)}T00:00:00.000Z`, to: `${daysAgo(99)}T00:00:00.000Z` }, "asc"),
  ).toEqual([5, 6, 7, 8]);
  // The control: without being asked, the archive stays closed.
  const { found } = await search(
    { db, all: db, archive, now },
    {},
    { order: "asc", limit: 100, entries: "all" },
  );
  expect(found.map(({ position }) => position)).toEqual([9, 10]);
});

test("a story that went to the archive is read there", async () => {
  const { backbone, archive, folder, days } = await openArchived();
  const { db } = backbone.open();
  expect(await readStory(db, "old-story", 100)).toBeNull();
  const story = await readStory(db, "old-story", 100, null, { db, archive });
  expect(story?.events.map(({ position }) => position)).toEqual([1, 2]);
  expect(await readStory(db, "old-story", 100, "acme", { db, archive })).toBeNull();
  const short = await readStory(db, "old-story", 1, null, { db, archive });
  expect(short).toMatchObject({ truncated: true, events: [{ position: 1 }] });
  // It comes from the file and from nowhere else.
  const file = `${folder}/events-${days[0]}.jsonl`;
  await writeFile(file, (await readFile(file, "utf8")).replaceAll("old-story", "other"));
  expect(await readStory(db, "old-story", 100, null, { db, archive })).toBeNull();
});
