/*
 * What stands before the API worker on this machine, as Cloudflare's edge does there: headers that steer the runtime or
 * name the client are its own, and what a worker throws stays inside. It is the main module of the API worker and no
 * worker of its own, so a request enters one isolate and not two.
 */

import { errorBody } from "../../../src/http/errors.ts";

interface Worker {
  fetch(request: Request, env: unknown, context: ExecutionContext): Promise<Response> | Response;
}

/** Miniflare obeys headers of its own (`MF-Route-Override`, `MF-CF-Blob`, …), whoever sends them. */
const ofRuntime = /^(x-)?mf-/;

/** The runtime makes `request.cf` of the one such header that it keeps from us, when it is looked at. */
function hasReadableCf(request: Request): boolean {
  try {
    return request.cf !== null;
  } catch {
    return false;
  }
}

function refuseCf(): Response {
  const refusal = "The header MF-CF-Blob is not for clients. Leave it out.";
  return Response.json(errorBody("bad_request", refusal, crypto.randomUUID()), { status: 400 });
}

function answerThrown(error: unknown): Response {
  const requestId = crypto.randomUUID();
  const message = "The API worker threw instead of answering.";
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(JSON.stringify({ level: "error", message, request_id: requestId, error: reason }));
  const shown = "Something went wrong here. The log has the details under this request id.";
  return Response.json(errorBody("internal_error", shown, requestId), { status: 500 });
}

/**
 * The request as the edge hands it on. It is copied whole and changed then: each further copy of headers costs as much as
 * all that is changed here.
 */
function throughEdge(request: Request): Request {
  const passed = request.cf == null ? new Request(request) : new Request(request, { cf: {} });
  for (const name of request.headers.keys()) if (ofRuntime.test(name)) passed.headers.delete(name);
  // Nobody but this machine gets in.
  passed.headers.set("cf-connecting-ip", "127.0.0.1");
  return passed;
}

/** The worker that answers as `worker` does behind an edge. */
export function behindEdge(worker: Worker): Worker {
  return {
    async fetch(request, env, context) {
      if (!hasReadableCf(request)) return refuseCf();
      try {
        return await worker.fetch(throughEdge(request), env, context);
      } catch (error) {
        return answerThrown(error);
      }
    },
  };
}
