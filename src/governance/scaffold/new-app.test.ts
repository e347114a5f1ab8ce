/** Where a new project may not be made. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { planApp } from "./new-app.ts";

test("a file in the place of the folder is refused in words", () => {
  const place = mkdtempSync(join(tmpdir(), "charter-app-"));
  try {
    const folder = join(place, "my-shop");
    writeFileSync(folder, "mine\n");
    const options = { folder, module: "shop", event: "shop.order.placed", purpose: null, owner: "us" };
    expect(() => planApp({ ...options, language: "en", packages: null, date: "2026-11-26" })).toThrow(
      /my-shop, which is a file/,
    );
  } finally {
    rmSync(place, { recursive: true });
  }
});
