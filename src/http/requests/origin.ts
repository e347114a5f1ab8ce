import { describeError, noteStatusSql, type RequestOrigin } from "@brain/engine";
import { type Envelope, forbiddenValue } from "@brain/schemas";
import type { Context } from "hono";
import { matchedRoutes } from "hono/route";
import type { AppEnv } from "../host.ts";

/** Longest value in a path that is kept, characters: our ids are shorter, tokens are longer. */
const maxSegment = 40;
const maxPath = 300;

/** The request as the stories of its events name it, and which of its events are told how it ended. */
export interface RequestStory {
  /** Asked for when the route is known. */
  origin(): RequestOrigin;
  /** Told of the events that a transaction of the request has recorded anew, in their order. */
  recorded(events: readonly Pick<Envelope, "id" | "correlation_id">[]): void;
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
    recorded(events) {
      for (const { id, correlation_id } of events) {
        if (!firsts.has(correlation_id)) firsts.set(correlation_id, id);
      }
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
