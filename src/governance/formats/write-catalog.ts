import { makeFolder } from "../files/make-folder.ts";
import { isJsonWith, requireOwnFile } from "../files/own-file.ts";
import { cloudEventTypes } from "./cloud-event-types.ts";
import { type Ask, readAsyncApi, readCatalogue, readFacts, readSchemas } from "./facts.ts";
import { jsonText, schemaFiles } from "./schema-files.ts";
import { readText, type SyncReport, syncFolder, writeWhole } from "./sync-folder.ts";

/** Formats that are one document, and those that are a folder. */
export const documentFormats = ["json", "asyncapi", "cloudevents"] as const;
export const folderFormats = ["json-schema", "eventcatalog"] as const;

export type DocumentFormat = (typeof documentFormats)[number];
export type FolderFormat = (typeof folderFormats)[number];

export async function catalogDocument(format: DocumentFormat, ask: Ask): Promise<unknown> {
  switch (format) {
    case "json":
      return readCatalogue(ask);
    case "asyncapi":
      return readAsyncApi(ask);
    case "cloudevents":
      return cloudEventTypes(await readFacts(ask));
  }
}

/** Members by which a document of an earlier run is known. */
const marks: Readonly<Record<DocumentFormat, readonly string[]>> = {
  json: ["events", "findings", "subscribers"],
  asyncapi: ["asyncapi", "info", "channels", "operations"],
  cloudevents: ["specversion", "types"],
};

/**
 * False: the file is as it would be written.
 *
 * @param isForced what is there is written over, whoever made it
 * @throws {ForeignFileError} the file is there, and is no such document
 */
export async function writeDocument(
  document: unknown,
  file: string,
  { format, isForced }: { readonly format: DocumentFormat; readonly isForced: boolean },
): Promise<boolean> {
  const content = jsonText(document);
  if ((await readText(file)) === content) return false;
  if (!isForced)
    await requireOwnFile(
      file,
      (text) => isJsonWith(text, ...marks[format]),
      `a catalog in the form ${format}`,
    );
  await writeWhole(file, content);
  return true;
}

/** @throws {Error} the folder has a note that is none of this program */
export async function writeCatalogFolder(
  format: FolderFormat,
  ask: Ask,
  folder: string,
): Promise<SyncReport> {
  makeFolder(folder);
  if (format === "json-schema") return syncFolder(folder, schemaFiles(await readSchemas(ask)));
  // The SDK is loaded for it alone.
  const [{ writeEventCatalog }, facts] = await Promise.all([import("./event-catalog.ts"), readFacts(ask)]);
  return writeEventCatalog(facts, folder);
}
