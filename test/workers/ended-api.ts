import api from "../../workers/api.ts";

/*
 * The API worker, whose requests end when the test says so, as the platform ends one that is over its limits: nothing of
 * it runs any more, also not what it wanted to be kept alive for. The header `x-test-ends` is an address; its answer is
 * the sign.
 */

/** Known to a runtime with the flag `experimental`. */
type Endable = ExecutionContext & { abort(reason: string): void };

export default {
  fetch(request, env, context) {
    const sign = request.headers.get("x-test-ends");
    if (sign !== null) {
      context.waitUntil(
        fetch(sign).then(async (answer) => {
          await answer.text();
          (context as Endable).abort("ended by the test");
        }),
      );
    }
    return api.fetch(request, env, context);
  },
} satisfies ExportedHandler<Parameters<typeof api.fetch>[1]>;
