import {
  beginRecording,
  type Database,
  followEvents,
  type Invocation,
  markActivity,
  type RateLimit,
  scheduleJob,
  type Transact,
  traceMeta,
  transactAndPublish,
} from "@brain/engine";
import type { Envelope } from "@brain/schemas";
import type { Context } from "hono";
import type { AppEnv } from "../host.ts";
import type { Followed, FollowFilter, RequestServices } from "../kit/module-env.ts";
import { limitRate } from "../kit/rate-limit.ts";
import { visibleTenant } from "../kit/tenants.ts";
import { bucketOf } from "../module-routes.ts";
import { tellOfRefusals } from "../publish-refusals.ts";
import { whileGood } from "./authentication.ts";
import { callerOf } from "./caller.ts";
import type { RequestStory } from "./origin.ts";

/** Live events end after this time; the listener comes back with its cursor, ms. */
const liveMs = 300_000;

/**
 * What a route works with. Nobody is known to it yet: whoever identifies the caller puts others in its place.
 *
 * @param limits those that the modules have declared
 */
export function requestServices(
  c: Context<AppEnv>,
  correlationId: string,
  story: RequestStory,
  limits: ReadonlySet<RateLimit>,
): RequestServices {
  const { host, requestId, log } = c.var;
  const { invocation } = host;
  return {
    requestId,
    correlationId,
    principal: null,
    actorId: null,
    db: invocation.db,
    log,
    now: () => new Date(invocation.now()),
    waitUntil: (work) => host.waitUntil(work),
    schedule(job, at) {
      // Planned in any case: the wake may get lost.
      host.waitUntil(scheduleJob(invocation, job, at));
      if (at.getTime() <= invocation.now()) host.startJobs([job]);
    },
    limit: (limit, whose) => limitRate(invocation, bucketOf(limits, limit, whose), limit.perMinute),
    async limitCaller(limit, whose) {
      const bucket = bucketOf(limits, limit, whose);
      const { clientAddress } = host;
      if (clientAddress == null) return;
      await limitRate(invocation, `${bucket}:${await callerOf(clientAddress)}`, limit.perMinute);
    },
    follow: (filter, after, signal) => follow(c, filter, after, signal),
    transact: transactFor(c, correlationId, story),
  };
}

/** Events of a request belong to its story, its trace and its tenant, and are relayed after the commit. */
function transactFor(c: Context<AppEnv>, correlationId: string, story: RequestStory): Transact {
  const { host, log } = c.var;
  const { invocation } = host;
  return async (context, run) => {
    // As the request is now: when it was made, nobody knew yet whose it is.
    const services = c.get("services");
    const bound = {
      correlation_id: correlationId,
      tenant_id: visibleTenant(services),
      origin: story.origin(),
      ...traceMeta(c.get("trace")),
      ...context,
    };
    host.waitUntil(markActivity(invocation));
    const result = await transactAndPublish(
      services.db,
      { ...invocation.publish, onRefused: tellOfRefusals(log) },
      bound,
      run,
      // The relay is started behind it in any case, also where nobody knows whether it was committed.
      (events) => {
        // What it does behind the transaction is the relay's, and no work of the request.
        const recording = beginRecording(
          { ...invocation, db: plainDatabase(invocation, services.db) },
          events,
        );
        return {
          ...recording,
          committed(answers) {
            const fresh = recording.committed(answers);
            story.recorded(events.flatMap(({ event }) => (fresh.has(event.id) ? [event] : [])));
          },
          failed(isSure) {
            recording.failed(isSure);
            if (!isSure) host.afterCommit();
          },
        };
      },
    );
    host.afterCommit();
    return result;
  };
}

/** The database of a request without what its transactions end with. */
export function plainDatabase({ db }: Pick<Invocation, "db">, { tenantId }: Database): Database {
  return tenantId === null ? db : db.ofTenant(tenantId);
}

/** The filter of a follower; with a credential of one tenant nothing else passes, whatever the filter wants. */
function ofOwnTenant(c: Context<AppEnv>, filter: FollowFilter): FollowFilter {
  const services = c.get("services");
  // The database of the request is the second wall here too: what it would not show does not come from the stream.
  const bounds = [visibleTenant(services), services.db.tenantId].filter((tenantId) => tenantId !== null);
  if (bounds.length === 0) return filter;
  const isVisible = ({ tenant_id }: Envelope) => bounds.every((tenantId) => tenantId === tenant_id);
  return { ...filter, wants: (event) => isVisible(event) && filter.wants(event) };
}

function follow(
  c: Context<AppEnv>,
  ...[filter, after, signal]: Parameters<RequestServices["follow"]>
): AsyncIterable<Followed> {
  const { invocation } = c.get("host");
  const following = followEvents(invocation, ofOwnTenant(c, filter), after, {
    // The second one aborts when the client has gone, where the host tells.
    signal: AbortSignal.any([signal, c.req.raw.signal]),
    deadlineMs: invocation.now() + liveMs,
    // Nobody without a credential follows.
    caller: c.get("services").principal?.id ?? "",
    tenantId: c.get("services").principal?.tenantId ?? null,
    // Whoever follows waits most of the time, and is counted among the followers.
    onAdmitted: () => c.get("place").leave(),
  });
  return whileGood(c, following);
}
