import { type Engine, UnauthorizedError } from "@brain/engine";
import { byApiKey, errorAnswers, operatorRoutes } from "@brain/operator";
import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import type { Background } from "./mount.ts";
import { type Keys, modules } from "./product.ts";

/* The HTTP surface: the routes of operators, and those of the modules. */

/** Told in the shape of all errors; Hono would say "Unauthorized" alone. */
const refusal = {
  message: (): never => {
    throw new UnauthorizedError(
      'These routes take APP_API_KEY, sent as "authorization: Bearer <key>". BRAIN_API_KEY is for the routes of operators.',
    );
  },
};
const refusals = {
  noAuthenticationHeader: refusal,
  invalidAuthenticationHeader: refusal,
  invalidToken: refusal,
};

/** @param background of the host */
export function createApp(engine: Engine, { apiKey, operatorKey }: Keys, background: Background): Hono {
  const app = new Hono();
  // 409, 422 and 503 where the engine refuses or cannot, and not 500 for all of them.
  app.onError(errorAnswers(engine));
  // Health, which asks for no key, and what `charter` asks.
  app.route("/", operatorRoutes({ engine, authenticate: byApiKey(operatorKey), modules, background }));
  app.use("/api/*", bearerAuth({ token: apiKey, ...refusals }));
  for (const { path, open } of modules.flatMap(({ routes }) => routes))
    app.route(path, open(engine, background));
  return app;
}
