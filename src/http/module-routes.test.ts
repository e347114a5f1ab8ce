import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { createApp } from "./app.ts";
import { anybody, requires } from "./kit/access.ts";
import type { ModuleEnv } from "./kit/module-env.ts";
import { keyHandlingOf, type Mount } from "./kit/mount.ts";
import { bucketOf, inOrder } from "./module-routes.ts";

const routes = (...paths: string[]) => {
  const app = new Hono<ModuleEnv>();
  for (const path of paths) app.get(path, anybody("a test"), (c) => c.text(path));
  return app;
};
const start = (...modules: [name: string, ...mounts: Mount[]][]) =>
  createApp({
    modules: modules.map(([name, ...mounts]) => ({ name, routes: mounts })),
    open: () => {
      throw new Error("nothing is sent here");
    },
  });
const shelf = (...paths: string[]): Mount => ({ path: "/api/shelf", routes: routes(...paths) });

describe("the start is refused", () => {
  test("when two modules answer one route, also under other names of its parameters; the message names both", () => {
    expect(() => start(["one", shelf("/:id")], ["two", shelf("/:book_id")])).toThrow(
      /"one" and "two" both answer GET \/api\/shelf\/:book_id/,
    );
    expect(() =>
      start(["one", shelf("/a/b")], ["two", { path: "/api/shelf/a", routes: routes("/b") }]),
    ).toThrow(/"two" and "one" both answer/);
    // Control: they may share what they do not both answer.
    expect(() => start(["one", shelf("/:id", "/:id")], ["two", shelf("/:id/pages")])).not.toThrow();
  });

  test("when a module answers a route of the backbone that is there", () => {
    const mount = { path: "/api/events", routes: routes("/stats") };
    expect(() => start(["one", mount])).toThrow(
      /"the backbone itself" and "one" both answer GET \/api\/events\/stats/,
    );
  });

  test("when a route does not say who may call it; the message names all that do not", () => {
    const silent = new Hono<ModuleEnv>()
      .get("/", (c) => c.text("silent"))
      .get("/:id", requires("shelf:read", "own_tenant"), (c) => c.text("says it"))
      // Too late: what stands before it runs for everybody.
      .post(
        "/",
        (_c, next) => next(),
        requires("shelf:write", "own_tenant"),
        (c) => c.text("late"),
      );
    expect(() => start(["one", { path: "/api/shelf", routes: silent }])).toThrow(
      /do not say who may call them: GET \/api\/shelf, POST \/api\/shelf\. Give each/,
    );
  });

  test.each(["api/shelf", "/api/shelf/", "/api//shelf", "/"])("when routes are mounted at %s", (path) => {
    expect(() => start(["one", { path, routes: routes("/") }])).toThrow(
      /Expected a path like \/api\/library/,
    );
  });
});

test("a longer path comes first, whatever the order of the modules", () => {
  const short = { path: "/api/shelf", routes: routes() };
  const long = { path: "/api/shelf/top", routes: routes() };
  for (const modules of [
    [short, long],
    [long, short],
  ])
    expect(inOrder(modules.map((mount) => ({ name: "one", routes: [mount] })))).toMatchObject([long, short]);
});

describe("paths of a mount", () => {
  const mounts: Mount[] = [
    {
      path: "/api/shelf",
      routes: routes(),
      keys: { "/own": "own", "/no": "refused", "/:id/turn": "refused", "/": "own" },
    },
  ];

  test.each([
    ["/api/shelf/own", "own"],
    ["/api/shelf/no", "refused"],
    ["/api/shelf/one/turn", "refused"],
    ["/api/shelf//turn", "kept"],
    ["/api/shelf", "own"],
    ["/api/shelves", "kept"],
    ["/api/shelf/own/more", "kept"],
    ["/api/other/own", "kept"],
  ])("the key of a POST to %s is %s", (path, expected) => {
    expect(keyHandlingOf(mounts, path)).toBe(expected);
  });
});

test("a limit counts under its name and whose it is; one that no module lists is refused", () => {
  const visits = { name: "visits", perMinute: 3 };
  const listed = new Set([visits]);
  expect(bucketOf(listed, visits)).toBe("visits");
  expect(bucketOf(listed, visits, "tenant-1")).toBe("visits:tenant-1");
  expect(() => bucketOf(listed, { ...visits })).toThrow(/No module lists the limit "visits"/);
});
