import type { OpenedProduct } from "@brain/engine";
import {
  type Catalog,
  charterEvents,
  charterOptions,
  createCatalog,
  type EventDefinition,
} from "@brain/schemas";
import type { Config } from "./config.ts";
import type { Mount } from "./http/kit/mount.ts";
import { hostNamesPort, type ResolveHost } from "./modules/ports/host-names.ts";
import { product } from "./product.ts";

/*
 * The modules of the product as they run: what they bring, joined with the charter. It knows no module by name, and nothing
 * of HTTP.
 */

/** The events of the modules, and the charter's of programs outside. */
export const catalog: Catalog = createCatalog([...product.events, ...foreignEvents()], charterOptions);

/** @throws {Error} the charter says that an event belongs to a module, and the module does not list it */
function foreignEvents(): readonly EventDefinition[] {
  const own = new Set(product.events);
  const modules = new Set(product.modules.map(({ name }) => name));
  const others = charterEvents.filter((definition) => !own.has(definition));
  const forgotten = others.find(({ module }) => modules.has(module));
  if (forgotten === undefined) return others;
  throw new Error(
    `The event "${forgotten.type}" belongs to the module "${forgotten.module}", whose events do not list it. Add it there.`,
  );
}

export interface RunningModules extends OpenedProduct<Mount> {
  readonly catalog: Catalog;
}

/**
 * @param resolve left out where names cannot be resolved
 * @throws {Error} the modules do not fit together; names them
 */
export function openModules(config: Config, resolve?: ResolveHost): RunningModules {
  const gifts = resolve === undefined ? [] : [hostNamesPort.from(() => resolve)];
  return { ...product.open(config.modules, gifts), catalog };
}
