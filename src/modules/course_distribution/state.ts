import type { JsonValue } from "@brain/schemas";
import type { Distribution, EntryChange, MicroNicheRequest } from "./model.ts";
import { defaultSeo } from "./seo.ts";
import { variantSlug } from "./slug.ts";
import type { courseDistributions, Visibility } from "./tables.ts";

/** Decisions about a catalogue entry. Pure: time and ids are arguments. */

type NewRow = typeof courseDistributions.$inferInsert;

/** `v{n}` to `v{n+1}`; any other format to `v2`. */
export function nextVersion(version: string): string {
  const match = /^v(\d{1,9})$/.exec(version);
  return match === null ? "v2" : `v${Number(match[1]) + 1}`;
}

/** Deep equality of JSON; the order of keys does not count, because jsonb does not keep it. */
function sameJson(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const leftKeys = Object.keys(left);
  if (leftKeys.length !== Object.keys(right).length) return false;
  return leftKeys.every(
    (key) =>
      Object.hasOwn(right, key) &&
      sameJson((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]),
  );
}

/** What an update changes; all of it empty when it changes nothing. */
export interface Changes {
  /** API names, in the order of the entry's fields. */
  readonly updatedFields: readonly (keyof EntryChange)[];
  readonly oldValues: Record<string, JsonValue>;
  readonly newValues: Record<string, JsonValue>;
  /** The columns to write. */
  readonly columns: Partial<NewRow>;
  /** Set when the visibility changed to or from what the public catalogue knows. */
  readonly transition: "published" | "unpublished" | null;
}

const columnOf = {
  slug: "slug",
  language: "language",
  title: "title",
  description: "description",
  target_group: "targetGroup",
  seo: "seo",
  cta: "cta",
  visibility: "visibility",
} as const satisfies Record<keyof EntryChange, keyof Distribution>;

/**
 * Compares a request with the stored entry. An entry made public gets `now` as its time of publication, and one made
 * private keeps the time it has.
 */
export function changesOf(entry: Distribution, request: EntryChange, now: Date): Changes {
  const fields = Object.keys(columnOf) as (keyof EntryChange)[];
  const updatedFields = fields.filter(
    (field) => request[field] !== undefined && !sameJson(entry[columnOf[field]], request[field]),
  );
  const oldValues: Record<string, JsonValue> = {};
  const newValues: Record<string, JsonValue> = {};
  const columns: Record<string, unknown> = {};
  for (const field of updatedFields) {
    // All of these columns hold text or JSON, so they are JSON already.
    oldValues[field] = entry[columnOf[field]] as unknown as JsonValue;
    newValues[field] = request[field] as unknown as JsonValue;
    columns[columnOf[field]] = request[field];
  }
  const transition = updatedFields.includes("visibility")
    ? transitionTo(entry.visibility, request.visibility)
    : null;
  if (transition === "published") columns.publishedAt = now;
  if (updatedFields.length > 0) columns.updatedAt = now;
  return { updatedFields, oldValues, newValues, columns: columns as Partial<NewRow>, transition };
}

/** Unlisted is out of the catalogue, but what was private was not in it. */
function transitionTo(before: Visibility, after: Visibility | undefined): Changes["transition"] {
  if (after === undefined) return null;
  if (after === "public") return "published";
  return after === "unlisted" && before === "private" ? null : "unpublished";
}

/**
 * The variant of `parent` for a narrower audience: what the request does not override is the parent's. Search texts
 * are made anew unless given, because the parent's would name the parent's audience.
 *
 * @returns the row, private, with the slug to try first
 */
export function deriveVariant(
  parent: Distribution,
  request: MicroNicheRequest,
  id: string,
  now: Date,
): NewRow {
  const overrides = request.derived_content;
  const title = overrides.title_override ?? parent.title;
  const description = overrides.description_override ?? parent.description;
  const narrowed = overrides.target_group_override ?? request.target_group ?? null;
  const language = request.language ?? parent.language;
  return {
    distributionId: id,
    courseId: parent.courseId,
    tenantId: parent.tenantId,
    // The parent's own audience would not tell the variant from it.
    slug: request.new_slug ?? variantSlug(parent.slug, narrowed ?? []),
    language,
    title,
    description,
    targetGroup: narrowed ?? parent.targetGroup,
    version: parent.version,
    derivedFrom: parent.distributionId,
    derivedContent: overrides,
    seo: request.seo ?? defaultSeo(title, description, language),
    cta: request.cta ?? parent.cta,
    visibility: "private",
    createdAt: now,
    updatedAt: now,
  };
}
