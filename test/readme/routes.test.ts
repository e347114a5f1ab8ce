import { afterAll, beforeAll, expect, test } from "vitest";
import { loadRoutes } from "../../src/http/mounted-routes.ts";
import { documentAt, readProject, sectionOf } from "../../tools/checks/documents.ts";
import { createTestEngine, type TestEngine } from "../engine.ts";

/* The routes that the documents list are those that there are: of the engine in `src/http`, of a module in its README. */

const { documents } = await readProject();
/** Without its query, and with `{}` for each parameter. */
const shapeOf = (path: string) =>
  (path.split("?")[0] ?? "").replace(/\{[^}]*\}|:\w+/g, "{}").replace(/(?<=.)\/$/, "");

/** `GET /api/events/{}` of each row: ``GET, PUT `/a/{id}`; POST `/b` `` are three. Paths may be below a mount. */
function routesIn(text: string): Set<string> {
  const found = new Set<string>();
  for (const [row] of text.matchAll(/^\|.*$/gm)) {
    for (const cell of row.split(" | ").slice(0, 2)) {
      let methods: string[] = [];
      let isAfterPath = false;
      for (const [, method, path] of cell.matchAll(/\b(GET|POST|PUT|PATCH|DELETE)\b|`([^`]+)`/g)) {
        if (method !== undefined) {
          methods = isAfterPath ? [method] : [...methods, method];
          isAfterPath = false;
        } else if (path?.startsWith("/")) {
          for (const each of methods) found.add(`${each} ${shapeOf(path)}`);
          isAfterPath = true;
        }
      }
    }
  }
  return found;
}

const home = sectionOf(documentAt(documents, "src/http/WHAT-ROUTES-DO.md"), "Routes");
/** Where modules are mounted, and the documents that the row links to. */
const mounts = [...home.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)].map(([, path = "", text = ""]) => ({
  path,
  modules: [...text.matchAll(/\.\.\/modules\/(\w+)\/README\.md/g)].map(([, module = ""]) => module),
}));

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
  await loadRoutes(engine.app);
});
afterAll(() => engine?.cleanup());

const allRoutes = () => {
  const named = engine.app.routes.filter(({ method }) => method !== "ALL");
  return new Set(named.map(({ method, path }) => `${method} ${shapeOf(path)}`));
};
const isBelow = (route: string, mount: string) => `${route.split(" ")[1]}/`.startsWith(`${mount}/`);

test("each route of the engine is listed, and none that is gone", () => {
  const own = [...allRoutes()].filter((route) => !mounts.some(({ path }) => isBelow(route, path)));
  expect(own.length).toBeGreaterThan(30);
  expect([...routesIn(home)].sort()).toEqual(own.sort());
});

test("each route of a module is listed in its document, and none that is gone", () => {
  expect(mounts.length).toBeGreaterThan(7);
  const listed = mounts.flatMap(({ path: mount, modules }) =>
    modules.flatMap((module) =>
      [...routesIn(documentAt(documents, `src/modules/${module}/README.md`).text)].map((route) => {
        const [method, path = ""] = route.split(" ");
        const isWhole = path.startsWith("/api/") || mounts.some((other) => isBelow(route, other.path));
        return { module, route, full: isWhole ? route : `${method} ${mount}${path === "/" ? "" : path}` };
      }),
    ),
  );
  const known = new Set(listed.map(({ full }) => full));
  const ofModules = [...allRoutes()].filter((route) => mounts.some(({ path }) => isBelow(route, path)));
  expect(ofModules.filter((route) => !known.has(route))).toEqual([]);
  // A module may be mounted at several places: what it lists is at one of them.
  const real = new Set(
    listed.filter(({ full }) => allRoutes().has(full)).map(({ module, route }) => `${module} ${route}`),
  );
  expect(listed.map(({ module, route }) => `${module} ${route}`).filter((one) => !real.has(one))).toEqual([]);
});

test("rows are read with all their methods and paths", () => {
  const row = "| GET, PUT `/a/{id}`; POST `/b?x=`, `/c` | `not/one` |\n| no route `/d` | |\n";
  expect([...routesIn(row)]).toEqual(["GET /a/{}", "PUT /a/{}", "POST /b", "POST /c"]);
});
