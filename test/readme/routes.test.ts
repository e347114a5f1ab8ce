import { afterAll, beforeAll, expect, test } from "vitest";
import { readProject, sectionOf } from "../../tools/documents.ts";
import { createTestEngine, type TestEngine } from "../engine.ts";

/* The routes that `src/http/README.md` lists are those that there are. */

const { documents } = await readProject();
const document = documents.find(({ path }) => path === "src/http/README.md");
const rows = (document === undefined ? "" : sectionOf(document, "Routes")).split("\n");

/** `GET /api/events/:id` of each row that names methods. */
const shown = rows.flatMap((row) => {
  const [, method, paths = ""] = /^\| (GET|POST|PUT|PATCH|DELETE) ((?:`[^`]+`(?:, )?)+) \|/.exec(row) ?? [];
  return [...paths.matchAll(/`([^`]+)`/g)].map(
    ([, path = ""]) => `${method} ${path.replace(/\{(\w+)\}/g, ":$1")}`,
  );
});
const ofModules = rows.flatMap((row) => /^\| `([^`]+)` \|/.exec(row)?.[1] ?? []);

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine?.cleanup());

const routes = () => [
  ...new Set(
    engine.app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path === "/" ? path : path.replace(/\/$/, "")}`),
  ),
];
const isBelow = (route: string, mount: string) => `${route.split(" ")[1]}/`.startsWith(`${mount}/`);

test("each route of the system is listed, and none that is gone", () => {
  const own = routes().filter((route) => ![...ofModules, "/staging"].some((mount) => isBelow(route, mount)));
  expect(own.length).toBeGreaterThan(30);
  expect(shown.toSorted()).toEqual(own.toSorted());
});

test("each module with routes is listed", () => {
  expect(ofModules.length).toBeGreaterThan(6);
  for (const mount of ofModules)
    expect(
      routes().some((route) => isBelow(route, mount)),
      mount,
    ).toBe(true);
});
