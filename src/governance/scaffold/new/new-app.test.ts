/** Where a new project may not be made. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { olderNode, planApp } from "./new-app.ts";

test("a file in the place of the folder is refused in words", () => {
  const place = mkdtempSync(join(tmpdir(), "charter-app-"));
  try {
    const folder = join(place, "my-shop");
    writeFileSync(folder, "mine\n");
    const options = { folder, module: "shop", event: "shop.order.placed", purpose: null, owner: "us" };
    expect(() =>
      planApp({ ...options, language: "en", packages: null, date: "2026-11-26", node: "24.0.0" }),
    ).toThrow(/my-shop, which is a file/);
  } finally {
    rmSync(place, { recursive: true });
  }
});

test.each(["22.18.0", "22.19.1", "24.0.0", "23.1.0"])("Node %s is new enough", (node) => {
  expect(olderNode(node)).toBeNull();
});

test.each(["20.20.2", "22.17.1", "18.0.0"])(
  "Node %s is said to be too old, in what comes next too",
  (node) => {
    const older = `The project needs Node 22.18 or newer, and this is ${node}: install a newer one first.`;
    expect(olderNode(node)).toBe(older);
    const folder = join(tmpdir(), "charter-never-made");
    const options = { folder, module: "shop", event: "shop.order.placed", purpose: null, owner: "us", node };
    const { notes } = planApp({ ...options, language: "en", packages: null, date: "2026-11-26" });
    expect(notes.indexOf(older)).toBe(notes.findIndex((note) => note.startsWith("Next:")) - 1);
  },
);

test.each([
  ["charter-never", (path: string) => path],
  ["charter never", (path: string) => `'${path}'`],
  ["Läden", (path: string) => `'${path}'`],
  ["it's", (path: string) => `'${path.replace("'", "'\\''")}'`],
])("what comes next can be pasted into a shell, in the folder %s too", (name, typed) => {
  const folder = join("..", name, "my-shop");
  const options = { folder, module: "shop", event: "shop.order.placed", purpose: null, owner: "us" };
  const { notes } = planApp({
    ...options,
    language: "en",
    packages: null,
    date: "2026-11-26",
    node: "24.0.0",
  });
  expect(notes).toContain(`Next: cd ${typed(folder)}, then npm install, npm test, npm run check.`);
});

test("where the way from here is longer than the whole path, that is told", () => {
  const folder = resolve("/", "charter-never-made", "my-shop");
  const options = { folder, module: "shop", event: "shop.order.placed", purpose: null, owner: "us" };
  const { notes } = planApp({
    ...options,
    language: "en",
    packages: null,
    date: "2026-11-26",
    node: "24.0.0",
  });
  expect(notes.slice(-2)).toEqual([
    `Next: cd ${folder}, then npm install, npm test, npm run check.`,
    `More: ${join(folder, "README.md")}`,
  ]);
});
