import type { Envelope } from "@brain/schemas";
import { UnexpectedTenantError } from "../../core/errors.ts";
import type { UnawaitedFailures } from "../../core/promises/unawaited.ts";
import { traceMeta } from "../../core/telemetry/trace-context.ts";
import type { Span } from "../../core/telemetry/tracer.ts";
import {
  keptApart,
  type Publish,
  type PublishContext,
  prepareEvent,
  publishing,
} from "../../publish/publish.ts";
import type { RecordedEvent } from "../../publish/record.ts";
import type { Consumer, Delivered } from "../consumer.ts";
import type { HandlerScope } from "./handler-run.ts";

/** One call of a handler. */
interface HandlerCall {
  /** Of what it published without waiting for it. */
  readonly failures: UnawaitedFailures;
  /** Null: nobody traces. */
  readonly span: Span | null;
}

/** Events are validated when the handler publishes them, and inserted together before the commit. */
export function publishFrom(
  { deps, run }: Pick<HandlerScope, "deps" | "run">,
  { event: cause, repeated }: Pick<Delivered, "event" | "repeated">,
  { failures, span }: HandlerCall,
): Publish {
  return publishing(run, failures, (definition, payload, options) => {
    deps.beforePublish?.();
    const prepared = prepareEvent(deps.publish, definition, payload, {
      ...inherited(deps.consumer, cause),
      ...(span === null ? {} : traceMeta(span.context)),
      ...options,
    });
    requireOwnTenant(deps.consumer, cause, prepared);
    const { kept, told } = keptApart(prepared);
    run.published.push(repeated ? { ...kept, again: true } : kept);
    return told;
  });
}

/**
 * A tenant's event may only cause events of that tenant: otherwise whoever may publish for one tenant could have events
 * of another one published.
 *
 * @throws {UnexpectedTenantError}
 */
function requireOwnTenant(
  { subscriber, publishesFor }: Consumer,
  cause: Envelope<unknown>,
  { event }: RecordedEvent,
): void {
  if (cause.tenant_id === null || event.tenant_id === cause.tenant_id || publishesFor === "any_tenant")
    return;
  const whose = event.tenant_id === null ? "no tenant" : "another tenant";
  throw new UnexpectedTenantError(
    `The consumer "${subscriber}" was about to publish "${event.type}" of ${whose} because of "${cause.type}" of one. Expected the tenant of the cause, which it gets when tenant_id is left out. A consumer that decides by itself says so: publishesFor: "any_tenant".`,
  );
}

/** A consequence belongs to the tenant, the mission and the group of its cause. */
function inherited(consumer: Consumer, cause: Envelope<unknown>): PublishContext {
  return {
    source: consumer.source,
    tenant_id: cause.tenant_id,
    correlation_id: cause.correlation_id ?? cause.id,
    causation_id: cause.id,
    mission_id: cause.mission_id,
    task_id: cause.task_id,
    traceparent: cause.meta.traceparent ?? null,
    tracestate: cause.meta.tracestate ?? null,
  };
}
