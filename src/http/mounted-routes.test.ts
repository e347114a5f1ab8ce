import { Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import { expect, test } from "vitest";
import type { AppEnv } from "./host.ts";
import { anybody } from "./kit/access.ts";
import type { ModuleEnv } from "./kit/module-env.ts";
import { loadRoutes, loadsRoutes, mountRoutes, type OwnedMount } from "./mounted-routes.ts";

const routes = (...paths: string[]) => {
  const app = new Hono<ModuleEnv>();
  for (const path of paths) app.get(path, anybody("a test"), (c) => c.text(`${path} of ${c.req.path}`));
  return app;
};

/** An app whose mounts note when they are loaded. */
function createApp(mounts: readonly (Omit<OwnedMount, "routes"> & { readonly paths: readonly string[] })[]) {
  const loads: string[] = [];
  const app = new Hono<AppEnv>({ strict: false, router: new TrieRouter() });
  app.use(loadsRoutes(app, (c) => app.fetch(c.req.raw)));
  app.get("/api/early", anybody("a test"), (c) => c.text("early"));
  mountRoutes(
    app,
    mounts.map(({ paths, ...mount }) => ({
      ...mount,
      routes: async () => {
        loads.push(mount.path);
        return routes(...paths);
      },
    })),
  );
  const ask = async (path: string) => {
    const answer = await app.request(path);
    return answer.status === 200 ? answer.text() : answer.status;
  };
  return { app, loads, ask };
}

const shelf = { path: "/api/shelf", owner: "one", paths: ["/", "/:id"] };
const top = { path: "/api/shelf/top", owner: "two", paths: ["/", "/:id"] };
const rack = { path: "/api/rack", owner: "three", paths: ["/"] };

test("routes are loaded by the first request to their path, and answer it", async () => {
  const { ask, loads } = createApp([rack, shelf]);
  expect(await ask("/api/early")).toBe("early");
  expect(await ask("/api/shelves")).toBe(404);
  expect(loads).toEqual([]);
  expect(await ask("/api/shelf/7")).toBe("/:id of /api/shelf/7");
  expect(await ask("/api/shelf")).toBe("/ of /api/shelf");
  expect(await ask("/api/shelf/7/none")).toBe(404);
  expect(loads).toEqual(["/api/shelf"]);
});

test("two first requests at once are both answered, and the routes are added once", async () => {
  const { ask, app } = createApp([shelf]);
  expect(await Promise.all([ask("/api/shelf/1"), ask("/api/shelf/2")])).toEqual([
    "/:id of /api/shelf/1",
    "/:id of /api/shelf/2",
  ]);
  expect(app.routes.filter(({ path }) => path === "/api/shelf/:id")).toHaveLength(2);
});

test("a longer path comes first, also when the shorter one is asked for first", async () => {
  const { ask, loads } = createApp([top, shelf]);
  expect(await ask("/api/shelf/7")).toBe("/:id of /api/shelf/7");
  expect(await ask("/api/shelf/top")).toBe("/ of /api/shelf/top");
  expect(loads).toEqual(["/api/shelf/top", "/api/shelf"]);
});

test("whoever asks for routes of which two are one gets an error, each time, and none of them is there", async () => {
  const { ask, app } = createApp([shelf, { ...shelf, owner: "two" }, rack]);
  app.onError((error, c) => c.text(error.message, 500));
  for (let again = 0; again < 2; again++) expect(await ask("/api/shelf")).toBe(500);
  expect(app.routes.some(({ path }) => path === "/api/shelf")).toBe(false);
  expect(await ask("/api/rack")).toBe("/ of /api/rack");
  await expect(loadRoutes(app)).rejects.toThrow(/"one" and "two" both answer GET \/api\/shelf\//);
});

test("a route that is loaded and does not say who may call it is never there", async () => {
  const app = new Hono<AppEnv>({ router: new TrieRouter() });
  const silent = new Hono<ModuleEnv>().get("/", (c) => c.text("silent"));
  mountRoutes(app, [{ path: "/api/shelf", owner: "one", routes: async () => silent }]);
  await expect(loadRoutes(app)).rejects.toThrow(/do not say who may call them: GET \/api\/shelf\. Give each/);
  expect(app.routes).toEqual([]);
});

test("all routes are loaded for whoever looks at the whole", async () => {
  const { app, loads } = createApp([rack, top, shelf]);
  await loadRoutes(app);
  await loadRoutes(app);
  expect(loads).toEqual(["/api/rack", "/api/shelf/top", "/api/shelf"]);
  expect(app.routes.map(({ path }) => path)).toContain("/api/shelf/top/:id");
});
