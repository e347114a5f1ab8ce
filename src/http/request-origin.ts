import { describeError, noteStatusSql, type Publish, type RequestOrigin } from "@brain/engine";
import { forbiddenValue } from "@brain/schemas";
import type { Context } from "hono";
import { matchedRoutes } from "hono/route";
import type { AppEnv } from "./host.ts";

/** Longest value in a path that is kept, characters: our ids are shorter, tokens are longer. */
const maxSegment = 40;
const maxPath = 300;

/** The request as the stories of its events name it, and which of its events are told how it ended. */
export interface RequestStory {
  /** Asked for when the route is known. */
  origin(): RequestOrigin;
  /** The same `publish`, which notes what it published; `committed` counts it. */
  watch(publish: Publish): { readonly publish: Publish; committed(): void };
  /** Notes the status on the first event of each story. Never throws: without it the status is not known. */
  end(status: number): Promise<void>;
}

export function requestStory(c: Context<AppEnv>): RequestStory {
  const { invocation } = c.get("host");
  let origin: RequestOrigin | null = null;
  /** Correlation id → first event. */
  const firsts = new Map<string | null, string>();
  return {
    origin() {
      origin ??= {
        id: crypto.randomUUID(),
        type: "request",
        at: new Date(invocation.now()).toISOString(),
        request_id: c.get("requestId"),
        method: c.req.method,
        path: storedPath(c),
        actor_id: c.get("told").actorId,
      };
      return origin;
    },
    watch(publish) {
      const published = new Map<string | null, string>();
      return {
        async publish(definition, payload, options) {
          const event = await publish(definition, payload, options);
          if (!published.has(event.correlation_id)) published.set(event.correlation_id, event.id);
          return event;
        },
        committed() {
          for (const [story, id] of published) if (!firsts.has(story)) firsts.set(story, id);
        },
      };
    },
    async end(status) {
      if (origin === null) return;
      try {
        for (const id of firsts.values()) await invocation.db.rows(noteStatusSql(id, origin.id, status));
      } catch (error) {
        c.get("log").debug({}, `The status of a request was not noted: ${describeError(error)}`);
      }
    },
  };
}

/**
 * The path, bounded, without what nobody should read in a record: a value in the place of a parameter that is longer than
 * our ids, as tokens are, or looks like personal data or a secret.
 */
function storedPath(c: Context): string {
  const route = matchedRoutes(c).findLast(({ method }) => method !== "ALL");
  const names = route?.path.split("/") ?? [];
  const kept = c.req.path.split("/").map((segment, place) => {
    const name = names[place] ?? "";
    if (name === segment) return segment;
    const isOdd = segment.length > maxSegment || forbiddenValue(decoded(segment)) !== null;
    return isOdd ? (/^:\w+/.exec(name)?.[0] ?? ":value") : segment;
  });
  return kept.join("/").slice(0, maxPath);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
