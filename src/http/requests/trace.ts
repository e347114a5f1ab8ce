import { readTraceContext, type Span, type TraceContext, type Tracer } from "@brain/engine";
import type { Context } from "hono";
import { matchedRoutes } from "hono/route";

/** The trace that a request belongs to. */
export interface RequestTrace {
  /** For what it causes: its own span, or, when nobody traces here, whatever called. Null: no trace. */
  readonly context: TraceContext | null;
  /** For each line about the request. */
  readonly logFields: Readonly<Record<string, string>>;
  /** When the answer is known. */
  end(c: Context, status: number): void;
}

/** Goes on with the trace in the headers of a request, or begins one. What is not valid in them is passed over. */
export function beginRequestTrace(c: Context, tracer: Tracer | null): RequestTrace {
  const caller = readTraceContext(c.req.header("traceparent"), c.req.header("tracestate"));
  const span = tracer?.begin(c.req.method, {
    kind: "server",
    parent: caller,
    attributes: {
      "http.request.method": c.req.method,
      "brain.request_id": c.get("requestId"),
    },
  });
  const context = span?.context ?? caller;
  return {
    context,
    logFields: {
      ...(context === null ? {} : { trace_id: context.traceId }),
      ...(span === undefined ? {} : { span_id: span.context.spanId }),
    },
    end(ended, status) {
      if (span !== undefined) finish(span, ended, status);
    },
  };
}

/** Its name is that of the route: a path may hold anything. */
function finish(span: Span, c: Context, status: number): void {
  const route = matchedRoutes(c).findLast(({ method }) => method !== "ALL")?.path;
  if (route !== undefined) span.rename(`${c.req.method} ${route}`);
  span.set({ "http.route": route, "http.response.status_code": status });
  if (status >= 500) span.fail(String(status), "The request was not served.");
  span.end();
}
