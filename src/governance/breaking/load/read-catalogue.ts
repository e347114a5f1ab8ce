import { type CatalogueRecord, catalogueForm, type EventRecord } from "../catalogue.ts";

/** What was given as a catalogue is none, or cannot be had. The message says what to do. */
export class CatalogueError extends Error {
  readonly code:
    | "not_json"
    | "not_a_catalogue"
    | "newer_form"
    | "no_catalogue"
    | "not_loaded"
    | "bad_ref"
    | "no_file";

  constructor(code: CatalogueError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Reads the text of a stored catalogue.
 *
 * @param where it comes from, for messages
 * @throws {CatalogueError} `not_json`, `not_a_catalogue`, `newer_form`
 */
export function parseCatalogue(text: string, where: string): CatalogueRecord {
  const value = parsed(text, where);
  const expected = `Expected a file that \`charter breaking --write\` made`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CatalogueError(
      "not_a_catalogue",
      `${where} holds ${Array.isArray(value) ? "a list" : typeof value}, and no catalogue. ${expected}.`,
    );
  }
  const { catalogue: form, events, aliases } = value as Readonly<Record<string, unknown>>;
  if (typeof form !== "number" || typeof events !== "object" || events === null) {
    throw new CatalogueError(
      "not_a_catalogue",
      `${where} is JSON, but no catalogue: ${typeof form === "number" ? '"events" is missing' : '"catalogue" should be the number of its form'}. ${expected}.`,
    );
  }
  if (form > catalogueForm) {
    throw new CatalogueError(
      "newer_form",
      `${where} has form ${form}; this tool knows forms up to ${catalogueForm}, and would overlook what is new. Use the tool of the release that wrote it, or a later one.`,
    );
  }
  for (const [type, event] of Object.entries(events)) {
    const { version, payload } = (event ?? {}) as { readonly version?: unknown; readonly payload?: unknown };
    if (!Number.isInteger(version) || typeof payload !== "object" || payload === null) {
      throw new CatalogueError(
        "not_a_catalogue",
        `${where}: the event "${type}" has ${Number.isInteger(version) ? "no payload" : "no whole number as its version"}. ${expected}; was it edited by hand?`,
      );
    }
  }
  return withDefaults({ ...(value as CatalogueRecord), aliases: (aliases ?? {}) as Record<string, string> });
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new CatalogueError("not_json", `${where} is no JSON: ${what}.`, { cause: error });
  }
}

/** What an event may lack that somebody wrote down with less. */
function withDefaults(record: CatalogueRecord): CatalogueRecord {
  const none = {
    module: "",
    criticality: "INFO",
    severity: null,
    when: "",
    key: null,
    producers: [],
    consumers: [],
    outside: [],
    personal: {},
    upcasts: [],
    readsLegacy: false,
    nullOnlyInHistory: [],
    frozenName: null,
    golden: {},
    goldenKey: null,
  } satisfies Omit<EventRecord, "version" | "payload">;
  const events = Object.entries(record.events).map(([type, event]) => [
    type,
    Object.assign({ ...none }, event),
  ]);
  return { ...record, dualNames: record.dualNames ?? {}, events: Object.fromEntries(events) };
}
