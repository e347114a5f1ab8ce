import type { Layout } from "./layout.ts";
import type { EventName } from "./names.ts";
import { readTemplate } from "./templates.ts";
import { changedFile, type PlannedFile } from "./write/plan.ts";

type Payload = Readonly<Record<string, unknown>>;

/** A payload of the event that the template defines, with its own name for the id. */
export function samplePayload({ resource }: EventName): Payload {
  const [sample = {}] = Object.values(
    JSON.parse(readTemplate("app/fixtures/released.json")) as Record<string, Payload>,
  );
  return Object.fromEntries(
    Object.entries(sample).map(([key, value]) => [key.replace("paper_slip", resource), value]),
  );
}

/** The file of golden payloads with one more; those that are there stay as they are, to the letter. */
export function goldenWith(layout: Layout, event: EventName): PlannedFile {
  return changedFile(layout.root, layout.golden, (before) => {
    const entry = JSON.stringify({ [`${event.type}@1`]: samplePayload(event) }, null, 2).slice(1, -2);
    const kept = before.trimEnd().slice(0, -1).trimEnd();
    return `${kept}${kept.endsWith("{") ? "" : ","}${entry}\n}\n`;
  });
}

/** A golden payload of an event; the sample of the template where there is none. */
export function goldenOf(text: string, type: string): Payload | null {
  const all = Object.entries(JSON.parse(text) as Record<string, Payload>);
  const versions = all.filter(([name]) => name.slice(0, name.lastIndexOf("@")) === type);
  return versions.at(-1)?.[1] ?? null;
}
