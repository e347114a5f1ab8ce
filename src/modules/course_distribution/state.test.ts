import { describe, expect, test } from "vitest";
import { type Distribution, microNicheRequest } from "./model.ts";
import { changesOf, deriveVariant, nextVersion } from "./state.ts";

const now = new Date("2026-11-21T10:00:00.000Z");
const before = new Date("2026-11-01T10:00:00.000Z");

const entry: Distribution = {
  distributionId: "dist_0123456789abcdef",
  courseId: "3f2a9c10-7b44-4d3e-9a51-0c5d8e6f7a21",
  tenantId: "tenant_a",
  slug: "bank-alternatives",
  language: "en",
  title: "Alternatives to banks",
  description: "How to manage money without a bank, step by step and for everybody.",
  targetGroup: ["students"],
  version: "v3",
  derivedFrom: null,
  derivedContent: null,
  seo: {
    meta_title: "Alternatives to banks",
    meta_description: "How to manage money without a bank, step by step and for everybody.",
    keywords: ["money"],
    og_image_url: null,
    hreflang_alternates: { de: "https://courses.example/de", fr: "https://courses.example/fr" },
  },
  cta: { label: "Start now", action: "open_course", url: null },
  visibility: "private",
  publishedAt: before,
  stagingUrl: null,
  stagingDeployedAt: null,
  createdAt: before,
  updatedAt: before,
  viewCount: 7,
  enrollmentCount: 1,
  countedMinute: null,
  countedInMinute: 0,
  untoldViews: 0,
  untoldClicks: 0,
};

describe("nextVersion", () => {
  test.each([
    ["v1", "v2"],
    ["v9", "v10"],
    ["v0", "v1"],
    ["1.0.0", "v2"],
    ["v1.2", "v2"],
    ["", "v2"],
    ["version3", "v2"],
  ])("raises %j to %j", (version, expected) => {
    expect(nextVersion(version)).toBe(expected);
  });
});

describe("changesOf", () => {
  test("names the changed fields with their old and new values", () => {
    const changes = changesOf(
      entry,
      { title: "Money without banks", target_group: ["students", "parents"] },
      now,
    );
    expect(changes.updatedFields).toEqual(["title", "target_group"]);
    expect(changes.oldValues).toEqual({ title: "Alternatives to banks", target_group: ["students"] });
    expect(changes.newValues).toEqual({
      title: "Money without banks",
      target_group: ["students", "parents"],
    });
    expect(changes.columns).toEqual({
      title: "Money without banks",
      targetGroup: ["students", "parents"],
      updatedAt: now,
    });
    expect(changes.transition).toBeNull();
  });

  test("is empty when the request asks for what is there, in whatever order of keys", () => {
    const { hreflang_alternates: _, ...rest } = entry.seo;
    const reordered = {
      hreflang_alternates: { fr: "https://courses.example/fr", de: "https://courses.example/de" },
      ...rest,
    };
    const changes = changesOf(entry, { title: entry.title, seo: reordered }, now);
    expect(changes).toMatchObject({ updatedFields: [], columns: {}, transition: null });
  });

  test("sees a changed list order and a removed key as changes", () => {
    const two = { ...entry, targetGroup: ["students", "parents"] };
    expect(changesOf(two, { target_group: ["parents", "students"] }, now).updatedFields).toEqual([
      "target_group",
    ]);
    const seo = { ...entry.seo, hreflang_alternates: { de: "https://courses.example/de" } };
    expect(changesOf(entry, { seo }, now).updatedFields).toEqual(["seo"]);
  });

  test("sets the time of publication when it becomes public, and keeps it when it becomes private", () => {
    const published = changesOf(entry, { visibility: "public" }, now);
    expect(published.transition).toBe("published");
    expect(published.columns.publishedAt).toEqual(now);
    const hidden = changesOf({ ...entry, visibility: "public" }, { visibility: "private" }, now);
    expect(hidden.transition).toBe("unpublished");
    expect(hidden.columns).not.toHaveProperty("publishedAt");
  });

  test("unlisting takes a public entry out of the catalogue, in which a private one was not", () => {
    const unlisted = (visibility: Distribution["visibility"]) =>
      changesOf({ ...entry, visibility }, { visibility: "unlisted" }, now).transition;
    expect([unlisted("public"), unlisted("private"), unlisted("unlisted")]).toEqual([
      "unpublished",
      null,
      null,
    ]);
  });

  test("gives values that JSON can hold", () => {
    const changes = changesOf(entry, { seo: { ...entry.seo, keywords: ["a"] }, visibility: "public" }, now);
    const values = { old: changes.oldValues, new: changes.newValues };
    expect(JSON.parse(JSON.stringify(values))).toEqual(values);
  });
});

describe("deriveVariant", () => {
  const derive = (request: Record<string, unknown>) =>
    deriveVariant(
      entry,
      microNicheRequest.parse({ parent_course_id: entry.distributionId, ...request }),
      "dist_fedcba9876543210",
      now,
    );

  test("is the parent where nothing is overridden, but private, uncounted and with its own slug", () => {
    expect(derive({})).toMatchObject({
      distributionId: "dist_fedcba9876543210",
      courseId: entry.courseId,
      tenantId: "tenant_a",
      slug: "bank-alternatives-variant",
      title: entry.title,
      description: entry.description,
      targetGroup: entry.targetGroup,
      version: "v3",
      derivedFrom: entry.distributionId,
      cta: entry.cta,
      visibility: "private",
    });
    expect(derive({})).not.toHaveProperty("viewCount");
  });

  test("takes the overrides, and its search texts from them", () => {
    const variant = derive({
      derived_content: { title_override: "Banks for parents", target_group_override: ["parents"] },
      target_group: ["students"],
    });
    expect(variant).toMatchObject({
      title: "Banks for parents",
      targetGroup: ["parents"],
      slug: "bank-alternatives-parents",
    });
    expect(variant.seo.meta_title).toBe("Banks for parents");
  });

  test("takes the slug, the language and the audience that the request names", () => {
    expect(derive({ new_slug: "my-own-slug", language: "de-AT", target_group: ["retirees"] })).toMatchObject({
      slug: "my-own-slug",
      language: "de-AT",
      targetGroup: ["retirees"],
    });
  });
});
