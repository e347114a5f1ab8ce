/*
 * What stands before the API worker on this machine, as Cloudflare's edge does there: headers that steer the runtime or
 * name the client are its own, and what a worker throws stays inside.
 */

import { errorBody } from "../../../src/http/errors.ts";

interface Env {
  /** The API worker. */
  readonly API: Fetcher;
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

export default {
  async fetch(request, { API }) {
    const requestId = crypto.randomUUID();
    if (!hasReadableCf(request)) {
      const refusal = "The header MF-CF-Blob is not for clients. Leave it out.";
      return Response.json(errorBody("bad_request", refusal, requestId), { status: 400 });
    }
    const headers = new Headers(request.headers);
    for (const name of request.headers.keys()) if (ofRuntime.test(name)) headers.delete(name);
    // Nobody but this machine gets in.
    headers.set("cf-connecting-ip", "127.0.0.1");
    try {
      return await API.fetch(new Request(request, { headers, cf: {} }));
    } catch (error) {
      const message = "The API worker threw instead of answering.";
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      console.error(JSON.stringify({ level: "error", message, request_id: requestId, error: reason }));
      const shown = "Something went wrong here. The log has the details under this request id.";
      return Response.json(errorBody("internal_error", shown, requestId), { status: 500 });
    }
  },
} satisfies ExportedHandler<Env>;
