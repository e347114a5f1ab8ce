import type { CallOutside } from "../consume/define/call-outside.ts";

/** A handler called the outside, and the test did not say what answers there. */
export class NoOutsideError extends Error {
  override readonly name = "NoOutsideError";

  constructor(method: string, url: string) {
    super(
      `The handler called ${method} ${url}, and a test calls nobody by itself. Give what answers: { fetch: async (url, init) => new Response("…") }, or callOutside of @brain/engine for a server of your own.`,
    );
  }
}

/** What stands for the outside in a test that names nothing: nobody is charged or written to by mistake. */
export const refuseOutside: CallOutside = async (url, { method = "GET" }) => {
  // What stands behind the path may be a secret.
  throw new NoOutsideError(method, String(url).split("?", 1)[0] ?? "");
};
