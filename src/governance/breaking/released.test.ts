import { readdirSync, readFileSync } from "node:fs";
import type { JsonObject } from "@brain/schemas";
import { describe, expect, test } from "vitest";
import golden from "../../../schemas/fixtures/released.json" with { type: "json" };
import { freeze } from "../../../tools/generated/generate-catalogue.ts";
import { root } from "../../../tools/root.ts";
import { catalog } from "../../composition.ts";
import { type CatalogueRecord, describeCatalogue } from "./catalogue.ts";
import { compareCatalogues } from "./compare/compare.ts";
import { readCase } from "./load/read-case.ts";
import { parseCatalogue } from "./load/read-catalogue.ts";

const folder = `${root}schemas/fixtures/catalogue/`;
const releases = readdirSync(folder)
  .filter((name) => /^\d.*\.json$/.test(name))
  .map((name) => [name, parseCatalogue(readFileSync(folder + name, "utf8"), name)] as const);

const now = (goldenNow: Readonly<Record<string, JsonObject>> = golden) =>
  describeCatalogue(catalog, { product: "brain-eventstream", release: "now", golden: goldenNow });

/** Released payloads that are gone or say something else. */
const lost = (release: CatalogueRecord, current: CatalogueRecord) =>
  compareCatalogues(release, current).flatMap(({ others }) =>
    others.filter(({ rule }) => rule.startsWith("GOLDEN_")).map(({ rule, was }) => `${rule} ${was}`),
  );

test("there is a released catalogue", () => {
  expect(releases.length).toBeGreaterThan(0);
});

describe.each(releases)("release %s", (_name, release) => {
  test("has a golden payload of each event in each version up to its own", () => {
    const without = Object.entries(release.events).flatMap(([type, { version, golden: payloads }]) =>
      Array.from({ length: version }, (_, at) => at + 1)
        .filter((one) => payloads[String(one)] === undefined)
        .map((one) => `${type}@${one}`),
    );
    expect(without).toEqual([]);
  });

  test("has lost none of them since, and none says something else", () => {
    expect(lost(release, now())).toEqual([]);
    // Control: a payload that is taken away, or fitted to the code, is told.
    const [first = "", second = "", ...others] = Object.keys(golden) as (keyof typeof golden)[];
    const fitted = Object.fromEntries(others.map((name) => [name, golden[name as keyof typeof golden]]));
    const changed = { ...fitted, [second]: { ...golden[second as keyof typeof golden], title: "fitted" } };
    expect(lost(release, now(changed))).toEqual([
      `GOLDEN_PAYLOAD_REMOVED ${first}`,
      `GOLDEN_PAYLOAD_CHANGED ${second}`,
    ]);
  });

  test("every one of them is read by the code of now", () => {
    const unread = Object.entries(release.events).flatMap(([type, event]) =>
      Object.entries(event.golden).flatMap(([version, payload]) => {
        const { ok, issues } = readCase(catalog, { type, version: Number(version), payload });
        return ok ? [] : [`${type}@${version}: ${issues.join("; ")}`];
      }),
    );
    expect(unread).toEqual([]);
    // Control: a payload without a field that is required is not read.
    const [type = "", event] = Object.entries(release.events)[0] ?? [];
    const { [event?.payload.required?.[0] ?? ""]: _, ...less } = event?.golden["1"] ?? {};
    expect(readCase(catalog, { type, version: 1, payload: less }).ok).toBe(false);
  });
});

describe("a released file", () => {
  const files = new Map([["1.0.0", "what was released"]]);
  const { content, problem } = freeze("{}", files);

  test("gets its digest once", () => {
    expect(problem).toBeNull();
    expect(freeze(content, files)).toEqual({ content, problem: null });
  });

  test("that is changed or gone is told, and the digest stays", () => {
    expect(freeze(content, new Map([["1.0.0", "something else"]]))).toEqual({
      content,
      problem: expect.stringContaining("1.0.0.json is not what was released"),
    });
    expect(freeze(content, new Map())).toEqual({ content, problem: expect.stringContaining("is gone") });
  });
});
