import { BadRequestError, ConflictError, describeError, ValidationError } from "@brain/engine";
import { publishContext } from "../../http/kit/publish-context.ts";
import { publishTaskEvent, source } from "./announce.ts";
import { type ReadEvent, type Refused, readEventFile } from "./import-file.ts";
import { knownTaskEvents, rowsIn, rowsOf, saveTaskEvents } from "./postgres-events.ts";
import type { TaskServices } from "./service.ts";

export interface ImportOptions {
  /** Only tell what would happen. */
  readonly dryRun: boolean;
  /** Publish each imported event too, as of now. Default false: the past is history, nobody is told of it again. */
  readonly publish: boolean;
  /** Whose events they become; null: of no tenant. */
  readonly tenantId: string | null;
}

export interface ImportReport {
  readonly dry_run: boolean;
  /** Records in the file. */
  readonly read: number;
  /** Events that were new; in a dry run those that would be. */
  readonly imported: number;
  /** Events that were there already, or twice in the file. */
  readonly duplicates: number;
  /** Records that could not be read: the first 200. */
  readonly corrupt: readonly Refused[];
  readonly corrupt_count: number;
  /** Well-formed records of other things. */
  readonly skipped: number;
  readonly published: number;
  /** Imported, but the catalog refuses them on the stream. */
  readonly not_published: readonly Refused[];
}

const maxListed = 200;

/**
 * Imports the events of a file as history; task items stay as they are. Importing the same file again imports nothing.
 *
 * @throws {BadRequestError} the file is empty
 * @throws {TooLargeError} too many records for one call
 * @throws {ConflictError} publishing was asked for while the old path is on
 */
export async function importEvents(
  { services, settings }: TaskServices,
  text: string,
  { dryRun, publish, tenantId }: ImportOptions,
): Promise<ImportReport> {
  if (text.trim() === "") throw new BadRequestError("The body is empty. Send the text of an event file.");
  if (publish && !settings.useNewEventSystem) {
    throw new ConflictError(
      "The old path publishes nothing. Import without publish, or turn the new path on.",
    );
  }
  const file = await readEventFile(text);
  const unique = [...new Map(file.events.toReversed().map((item) => [item.event.eventId, item])).values()];
  unique.reverse();
  const stored = dryRun
    ? await preview({ services, settings }, unique)
    : await store({ services, settings }, unique, { publish, tenantId });
  return {
    dry_run: dryRun,
    read: file.read,
    imported: stored.imported,
    duplicates: file.events.length - stored.imported,
    corrupt: file.corrupt.slice(0, maxListed),
    corrupt_count: file.corrupt.length,
    skipped: file.skipped,
    published: stored.published,
    not_published: stored.notPublished.slice(0, maxListed),
  };
}

interface Stored {
  readonly imported: number;
  readonly published: number;
  readonly notPublished: readonly Refused[];
}

async function preview({ services }: TaskServices, items: readonly ReadEvent[]): Promise<Stored> {
  const ids = items.map(({ event }) => event.eventId);
  const known = await knownTaskEvents(rowsOf(services.db), ids);
  return { imported: ids.length - known.size, published: 0, notPublished: [] };
}

async function store(
  { services }: TaskServices,
  items: readonly ReadEvent[],
  { publish, tenantId }: Pick<ImportOptions, "publish" | "tenantId">,
): Promise<Stored> {
  const events = items.map(({ event }) => event);
  const now = services.now();
  if (!publish) {
    const fresh = await saveTaskEvents(rowsOf(services.db), events, tenantId, now);
    return { imported: fresh.size, published: 0, notPublished: [] };
  }
  return services.transact(publishContext(services, source, tenantId), async (tx, record) => {
    const fresh = await saveTaskEvents(rowsIn(tx), events, tenantId, now);
    const notPublished: Refused[] = [];
    for (const { line, event } of items.filter((item) => fresh.has(item.event.eventId))) {
      try {
        await publishTaskEvent(record, event, tenantId);
      } catch (error) {
        if (!(error instanceof ValidationError)) throw error;
        notPublished.push({ line, reason: describeError(error) });
      }
    }
    return { imported: fresh.size, published: fresh.size - notPublished.length, notPublished };
  });
}
