import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import * as sdk from "@eventcatalog/sdk";
import { type CatalogPages, catalogPages, type EventPage } from "./catalog-pages.ts";
import type { Facts } from "./facts.ts";
import { jsonText, type WantedFile } from "./schema-files.ts";
import {
  hashOf,
  type Note,
  readNote,
  readText,
  type SyncReport,
  syncFolder,
  writeNote,
} from "./sync-folder.ts";

/*
 * The folder of an EventCatalog. The official SDK makes all pages in a folder of their own; then they are brought into the
 * real one. What people wrote below the head of a page stays, and what they added to its head.
 */

// Types of the package say that the door is a namespace, and Node gives what it exports by default.
const createCatalog = sdk.default as unknown as typeof sdk.default.default;
type Catalog = ReturnType<typeof createCatalog>;
type Page = sdk.BaseSchema;

/** What stands in the heads of our pages; all else there is somebody's. */
const ownFields: ReadonlySet<string> = new Set([
  ...[
    "id",
    "name",
    "version",
    "summary",
    "badges",
    "schemaPath",
    "channels",
    "deprecated",
    "sends",
    "receives",
  ],
  ...["externalSystem", "schema", "services", "address", "protocols", "parameters", "markdown"],
]);

const pageName = "index.mdx";
const isVersioned = (path: string) => path.includes("/versioned/");

/** The folder of an event in the note; null: it was not written yet. */
function folderOf(note: Note, type: string): string | null {
  const page = Object.keys(note.files).find((path) => path.endsWith(`/events/${type}/${pageName}`));
  return page === undefined ? null : dirname(page);
}

/** An older version of ours stays as it was when it was current, with its schema. */
async function setAside(folder: string, target: Catalog, events: readonly EventPage[]): Promise<void> {
  const { files, texts } = await readNote(folder);
  const moved = { files: { ...files }, texts: { ...texts } };
  for (const { page, isCurrent } of events) {
    const place = isCurrent ? folderOf({ files, texts }, page.id) : null;
    const present = place === null ? undefined : await target.getEvent(page.id);
    if (place === null || present === undefined || !isOlder(present.version, page.version)) continue;
    await target.versionEvent(page.id);
    for (const hashes of [moved.files, moved.texts]) {
      for (const [path, hash] of Object.entries(hashes)) {
        if (dirname(path) !== place) continue;
        delete hashes[path];
        hashes[`${place}/versioned/${present.version}${path.slice(place.length)}`] = hash;
      }
    }
  }
  if (Object.keys(files).length > 0) await writeNote(folder, moved);
}

/** Versions of events are whole numbers and two zeros. */
const isOlder = (one: string, other: string) => Number.parseInt(one, 10) < Number.parseInt(other, 10);

/** What people made of a page, on top of what we make of it. */
function merged<P extends Page>(made: P, present: Page | undefined, textHash: string | undefined): P {
  if (present === undefined || textHash === undefined) return made;
  const theirs = Object.entries(present).filter(([name]) => !ownFields.has(name));
  const isTheirText = hashOf(present.markdown.trim()) !== textHash;
  return { ...made, ...Object.fromEntries(theirs), markdown: isTheirText ? present.markdown : made.markdown };
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .toSorted();
}

/** The files that stand beside the page of an event. */
function schemaFilesOf({ schemas }: EventPage, folder: string): readonly WantedFile[] {
  const { read, publish } = schemas;
  return [
    { path: `${folder}/schema.json`, content: jsonText(read) },
    ...(publish === null ? [] : [{ path: `${folder}/publish.schema.json`, content: jsonText(publish) }]),
  ];
}

interface Made {
  readonly files: readonly WantedFile[];
  readonly texts: Readonly<Record<string, string>>;
}

/** All files of the catalogue. Pages have what people made of them in `target`. */
async function make(pages: CatalogPages, target: Catalog, note: Note): Promise<Made> {
  const folder = await mkdtemp(join(tmpdir(), "charter-catalog-"));
  try {
    const made = createCatalog(folder);
    const texts: Record<string, string> = {};
    const page = <P extends Page>(path: string, ours: P, present: Page | undefined): P => {
      texts[path] = hashOf(ours.markdown.trim());
      return merged(ours, present, note.texts[path]);
    };
    const serviceFolders = new Map<string, string>();
    for (const domain of pages.domains) {
      const path = `domains/${domain.id}/${pageName}`;
      await made.writeDomain(page(path, domain, await target.getDomain(domain.id)));
    }
    for (const { page: service, domain } of pages.services) {
      const place = `${domain === null ? "" : `domains/${domain}/`}services/${service.id}`;
      serviceFolders.set(service.id, place);
      const ours = page(`${place}/${pageName}`, service, await target.getService(service.id));
      if (domain === null) await made.writeService(ours);
      else await made.writeServiceToDomain(ours, { id: domain });
    }
    for (const channel of pages.channels) {
      const path = `channels/${channel.id}/${pageName}`;
      await made.writeChannel(page(path, channel, await target.getChannel(channel.id)));
    }
    const schemas: WantedFile[] = [];
    for (const event of pages.events) {
      const { id, version } = event.page;
      const below = event.isCurrent ? `/${id}` : `/${id}/versioned/${version}`;
      const place = `${serviceFolders.get(event.service)}/events${below}`;
      const ours = page(`${place}/${pageName}`, event.page, await target.getEvent(id, version));
      await made.writeEvent(ours, { path: `/../${place}` });
      schemas.push(...schemaFilesOf(event, place));
    }
    const written = await filesBelow(folder);
    const contents = written.map(async (path): Promise<WantedFile> => {
      return { path, content: (await readText(join(folder, path))) ?? "" };
    });
    return { files: [...(await Promise.all(contents)), ...schemas], texts };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Writes the folder of an EventCatalog, or brings it up to date.
 *
 * - What is as it was written is written over, and removed with the event that it was for. Anything else is left.
 * - Text below the head of a page is people's as soon as they change it, and so are fields that they add to its head.
 * - An event of a newer version is written beside the older one, which moves to `versioned/` as it is.
 *
 * @throws {Error} the note in the folder is none
 */
export async function writeEventCatalog(facts: Facts, folder: string): Promise<SyncReport> {
  const pages = catalogPages(facts);
  const target = createCatalog(folder);
  await setAside(folder, target, pages.events);
  const { files, texts } = await make(pages, target, await readNote(folder));
  const types = new Set(pages.events.map(({ page }) => page.id));
  const keep = (path: string) => isVersioned(path) && types.has(eventOf(path));
  const pagePaths = files.map(({ path }) => path).filter((path) => path.endsWith(`/${pageName}`));
  return syncFolder(folder, files, { keep, merged: new Set(pagePaths), texts });
}

/** The event that a versioned file belongs to. */
const eventOf = (path: string): string => /\/events\/([^/]+)\/versioned\//.exec(path)?.[1] ?? "";
