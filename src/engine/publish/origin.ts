import { sql } from "drizzle-orm";
import { keepSql } from "../db/kept-sql.ts";

/*
 * What began a piece of work, when no event did: a request or a job that time starts. It is stored beside each event that
 * the work publishes, in the same statement, and stays in the record: it is no part of the envelope and is not sent.
 */

interface Begun {
  /** UUID of this one request or run. */
  readonly id: string;
  /** When it began, ISO-8601, UTC. */
  readonly at: string;
}

export interface RequestOrigin extends Begun {
  readonly type: "request";
  /** The `x-request-id`, which a client may have chosen. */
  readonly request_id: string;
  readonly method: string;
  /** Without query; values that are long or look like personal data or secrets are replaced by the name of their place. */
  readonly path: string;
  readonly actor_id: string | null;
}

export interface JobOrigin extends Begun {
  readonly type: "job";
  readonly name: string;
}

export type Origin = RequestOrigin | JobOrigin;

/**
 * Notes on an event how the request that published it was answered. One row a statement: whoever changes several at once
 * could wait for the relay in a circle, which marks many as sent.
 */
export const noteStatusSql = keepSql<[eventId: string, originId: string, status: number]>(
  (eventId, originId, status) => sql`
    UPDATE events SET origin = origin || jsonb_build_object('status', ${status}::integer)
    WHERE id = ${eventId}::uuid AND origin ->> 'id' = ${originId}`,
);
