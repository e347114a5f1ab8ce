import { lookAtStores } from "@brain/engine";
import { Hono } from "hono";
import type { AboutProduct } from "../about-product.ts";
import type { AppEnv } from "../host.ts";
import { requires } from "../kit/access.ts";

/** Of a Redis that this isolate does not use. */
const unasked = { reachable: null, refusal: null };

/** How the system is set and what it is made of. Values that may be secrets are told nobody. */
export function settingsRoutes(about: AboutProduct): Hono<AppEnv> {
  return new Hono<AppEnv>().get("/", requires("admin", "all_tenants"), async (c) => {
    const [{ meanings, versions }, stores] = await Promise.all([
      import("../release-facts.ts"),
      lookAtStores(c.get("host").invocation),
    ]);
    const { schema, claims } = stores;
    return c.json({
      mode: about.mode,
      versions: { ...versions, runtime: runtimeName() },
      stores: {
        postgres: { host: about.hosts.postgres, ...stores.postgres },
        // Null: events wait in the record, and reach no consumer.
        redis:
          about.hosts.redis === null ? null : { host: about.hosts.redis, ...(stores.redis?.[0] ?? unasked) },
        // Those of BRAIN_MORE_REDIS, from number 2 on.
        further_redis: about.hosts.furtherRedis.map((host, index) => ({
          number: index + 2,
          host,
          ...(stores.redis?.[index + 1] ?? unasked),
        })),
      },
      migrations: {
        // Null: nobody could say.
        state: schema?.kind ?? null,
        missing: schema?.kind === "behind" ? schema.missing : [],
        needed: stores.needed.map(({ owner, migrations }) => ({
          // Null: those of the product.
          owner,
          count: migrations.length,
          newest: migrations.at(-1)?.tag ?? null,
        })),
      },
      // What keeps a message from being applied twice, as the database has it. Null: nobody could say.
      claims:
        claims === null
          ? null
          : {
              table: claims.exists,
              // Over subscriber and stream message id; null: there is none.
              unique_index: claims.unique,
              migrations: claims.madeBy.engine,
              // What the first BRAiN called them.
              original_migration: claims.madeBy.original,
            },
      modules: about.modules,
      settings: about.settings.map(({ name, parts, isSet, value, standard, isSecret }) => ({
        name,
        read_by: parts,
        meaning: meanings[name]?.meaning ?? null,
        // In words where there is none to be set, e.g. what then does not happen.
        default: standard ?? meanings[name]?.default ?? null,
        is_set: isSet,
        // Null: it is not set, or may be a secret.
        value,
        is_secret: isSecret,
      })),
      set_in_vain: about.setInVain,
    });
  });
}

/** As the runtime calls itself: `Cloudflare-Workers`, `Deno/2.5.1`, `Node.js/24`. */
function runtimeName(): string | null {
  return typeof navigator === "undefined" ? null : navigator.userAgent;
}
