/** The demo world of `npm start`: workers cannot call themselves for so long, so this program makes it through their API. */

import { createDemoApi, DemoError } from "../../../src/demo/api.ts";
import { type DemoReport, makeDemo } from "../../../src/demo/build.ts";
import type { DemoState } from "../../../src/http/routes/demo.ts";

/** How far it is, and what came of it. */
type State = DemoState & { readonly report: DemoReport | null };

export interface DemoService {
  readonly service: (request: Request) => Promise<Response>;
  /** Where the API is, known once it runs. */
  setUrl(url: string): void;
}

const nothing: State = { status: "none", done: 0, total: 0, step: null, error: null, report: null };

/**
 * What answers the workers' binding DEMO_WORLD: `GET /` with the state, `POST /?seed={n}&force={0|1}` begins and answers with
 * the state once it is under way or over. 409: it was refused; the text tells why.
 *
 * @param key the bootstrap key
 */
export function createDemoService(key: string): DemoService {
  let state = nothing;
  let url = "";

  /** Fulfilled when it is under way or over; rejects when it was refused. */
  function begin(seed: number, force: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const onProgress = (done: number, total: number, step: string) => {
        state = { ...nothing, status: "running", done, total, step };
        resolve();
      };
      state = { ...nothing, status: "running" };
      makeDemo(createDemoApi(url, key), { seed, force, onProgress }).then(
        (report) => {
          state = { ...state, status: "completed", step: null, report };
          resolve();
        },
        (error: unknown) => {
          const wasBegun = state.total > 0;
          const told = error instanceof DemoError ? error.message : String(error);
          state = wasBegun ? { ...state, status: "failed", error: told } : nothing;
          reject(error);
        },
      );
    });
  }

  const service = async (request: Request) => {
    const { searchParams: query } = new URL(request.url);
    if (request.method !== "POST" || state.status === "running") return Response.json(state);
    try {
      await begin(Number(query.get("seed") ?? 1), query.get("force") === "1");
      return Response.json(state);
    } catch (error) {
      return new Response(error instanceof Error ? error.message : String(error), { status: 409 });
    }
  };
  return {
    service,
    setUrl(told) {
      url = told;
    },
  };
}
