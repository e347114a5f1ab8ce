/**
 * A process of its own that imports the catalogue of a product, describes it, and reads payloads with it. So the code of
 * another release can be looked at beside this one, and what a product does when it is imported stays there.
 */

import { pathToFileURL } from "node:url";
import { type Catalog, createCatalog, type EventDefinition } from "@brain/schemas";
import { answerRequests } from "../../child-program.ts";
import { describeCatalogue } from "../catalogue.ts";
import type { LoadAnswer, LoadRequest } from "./load-protocol.ts";
import { readCase } from "./read-case.ts";

let catalog: Catalog | null = null;

/** By what it can do: its name may be anything. */
function isCatalog(value: unknown): value is Catalog {
  const { all, find, canonicalType } = (value ?? {}) as Partial<Catalog>;
  return Array.isArray(all) && typeof find === "function" && typeof canonicalType === "function";
}

function isEvents(value: unknown): value is readonly EventDefinition[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => typeof item?.type === "string" && typeof item.keyOf === "function")
  );
}

/** A product of `defineProduct` tells its events. */
function catalogIn(value: unknown): Catalog | null {
  if (isCatalog(value)) return value;
  const { events } = (value ?? {}) as { readonly events?: unknown };
  return isEvents(events) ? createCatalog(events) : null;
}

async function load({
  file,
  exportName,
}: Extract<LoadRequest, { kind: "describe" }>): Promise<Catalog | string> {
  const loaded = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  if (exportName !== null) {
    const found = catalogIn(loaded[exportName]);
    if (found !== null) return found;
    return exportName in loaded
      ? `its export "${exportName}" is neither a catalogue (createCatalog) nor a product (defineProduct)`
      : `it exports no "${exportName}"; its exports: ${Object.keys(loaded).join(", ") || "none"}`;
  }
  const exports = Object.entries(loaded);
  const catalogs = exports.filter(([, value]) => isCatalog(value));
  const found = catalogs.length > 0 ? catalogs : exports.filter(([, value]) => catalogIn(value) !== null);
  const [first, ...others] = found;
  if (first === undefined)
    return "none of its exports is a catalogue (createCatalog) or a product (defineProduct)";
  if (others.length > 0) {
    const names = found.map(([name]) => name);
    return `it exports ${found.length} catalogues: ${names.join(", ")}. Say which one, as <file>#${names[0]}`;
  }
  return catalogIn(first[1]) ?? "it has none";
}

async function answer(request: LoadRequest): Promise<LoadAnswer> {
  if (request.kind === "read") {
    const known = catalog;
    if (known === null) return { kind: "failed", message: "nothing is loaded yet" };
    return { kind: "read", results: request.cases.map((one) => readCase(known, one)) };
  }
  const loaded = await load(request);
  if (typeof loaded === "string") return { kind: "failed", message: loaded };
  catalog = loaded;
  return { kind: "described", record: describeCatalogue(loaded, request.facts) };
}

answerRequests<LoadRequest, LoadAnswer>(answer);
