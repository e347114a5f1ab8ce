import { countFound, exportFound, namesOfType, search } from "@brain/engine";
import type { Catalog } from "@brain/schemas";
import * as z from "zod";
import { instantText } from "./instant.ts";
import { tenantIdText } from "./tenant-id.ts";

/*
 * The query of the routes that search the record and the entries of other programs.
 */

interface Catalogued {
  readonly catalog: Catalog;
}
export type SearchDeps = Parameters<typeof search>[0];
export type SearchFilter = Parameters<typeof search>[1];
type PayloadMember = NonNullable<SearchFilter["payload"]>[number];
type Whose = Parameters<typeof search>[2]["entries"];

/** Postgres cannot even compare a text with NUL. */
export const filterText = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .regex(/^\P{Cc}+$/u, "expected text without control characters");

/** Types that one request may ask for. */
const maxTypes = 20;

const orders = { desc: "desc", asc: "asc", newest: "desc", oldest: "asc" } as const;

const name = filterText(255).optional();
const flag = z
  .enum(["true", "false"])
  .transform((text) => text === "true")
  .default(false);

/** `course.id=c-1`, as the path of a member and the text that it has. */
const payloadMember = filterText(600)
  .regex(/^[^=.]{1,100}(?:\.[^=.]{1,100}){0,7}=/, 'expected a path and a value, e.g. "course_id=c-1"')
  .transform((text): PayloadMember => {
    const at = text.indexOf("=");
    return { path: text.slice(0, at).split("."), value: text.slice(at + 1) };
  });

const cursor = z
  .string()
  // Below 2^63, the largest position.
  .regex(/^\d{1,18}$/, 'expected the "next_cursor" of an earlier answer')
  .optional();

/** What is asked for, without how much of it. */
const searchFields = {
  /** One or more, separated by commas. */
  type: filterText(2_100)
    .transform((text) => text.split(",").map((type) => type.trim()))
    .pipe(z.array(z.string().min(1, "expected a type between the commas").max(100)).max(maxTypes))
    .optional(),
  from: instantText.optional(),
  to: instantText.optional(),
  occurred_from: instantText.optional(),
  occurred_to: instantText.optional(),
  tenant_id: tenantIdText.optional(),
  actor_id: name,
  agent_id: name,
  source: name,
  target: name,
  module: name,
  mission_id: name,
  task_id: name,
  correlation_id: name,
  causation_id: name,
  key: name,
  severity: z.enum(["INFO", "WARNING", "ERROR", "CRITICAL"]).optional(),
  payload: payloadMember.optional(),
  text: filterText(200).optional(),
};

export function searchQuery(whose: Whose) {
  return z.strictObject({
    ...searchFields,
    entries: z.enum(["own", "foreign", "all"]).default(whose),
    /** Also how many there are. */
    count: flag,
    /** Also in the archive. */
    archive: flag,
    order: z
      .enum(["desc", "asc", "newest", "oldest"])
      .default("desc")
      .transform((order) => orders[order]),
    limit: z.coerce.number().int().min(1).max(1_000).default(100),
    cursor,
  });
}

/** Rows of one export at most. */
const maxExported = 10_000_000;

export const exportFoundQuery = z.strictObject({
  ...searchFields,
  format: z.enum(["csv", "jsonl"]).default("jsonl"),
  entries: z.enum(["own", "foreign", "all"]).default("all"),
  archive: flag,
  limit: z.coerce.number().int().min(1).max(maxExported).default(maxExported),
  cursor,
});

type Fields = { readonly [Name in keyof typeof searchFields]?: z.output<(typeof searchFields)[Name]> };

/**
 * A type that is named as it is today means all its names; an older name what stands under that one.
 *
 * @param tenant whose rows alone; null: those of all
 */
function filterOf(
  { catalog }: Catalogued,
  { type, payload, ...fields }: Fields,
  tenant: string | null,
): SearchFilter {
  const namesOf = (name: string) => (catalog.isReadAlias(name) ? [name] : namesOfType(catalog, name));
  return {
    ...fields,
    types: type?.flatMap(namesOf),
    payload: payload === undefined ? undefined : [payload],
    tenant_id: tenant ?? undefined,
  };
}

/**
 * What fits as a file, sent while it is read. The first page is read before the answer, so that an error of it is an error
 * answer.
 *
 * @throws {TransientError} Postgres is not reachable; @throws {VaultError} the key of a person cannot be opened
 */
export async function answerExport(
  deps: Parameters<typeof exportFound>[0] & Catalogued,
  { format, limit, cursor, entries, archive, ...fields }: z.output<typeof exportFoundQuery>,
  tenant: string | null,
): Promise<Response> {
  const texts = exportFound(deps, filterOf(deps, fields, tenant), {
    format,
    limit,
    cursor,
    entries,
    archive,
  });
  let next: IteratorResult<string> | null = await texts.next();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      let { done, value } = next ?? (await texts.next());
      next = null;
      while (value === "") ({ done, value } = await texts.next());
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: () => void texts.return(undefined),
  });
  const type = format === "csv" ? "text/csv; charset=utf-8; header=present" : "application/jsonl";
  const disposition = `attachment; filename="events.${format}"`;
  return new Response(body, { headers: { "content-type": type, "content-disposition": disposition } });
}

/** A page as the routes answer it. @throws {TransientError} Postgres is not reachable */
export async function answerSearch(
  deps: SearchDeps & Catalogued,
  { order, limit, cursor, entries, count, archive, ...fields }: z.output<ReturnType<typeof searchQuery>>,
  tenant: string | null,
): Promise<object> {
  const filter = filterOf(deps, fields, tenant);
  const { found, nextCursor } = await search(deps, filter, { order, limit, cursor, entries, archive });
  const counted = count ? { count: await countFound(deps, filter, entries) } : {};
  return { events: found, next_cursor: nextCursor, ...counted };
}
