import { describe, expect, test } from "vitest";
import type { PlanStep } from "./plan.ts";
import { riskOf } from "./risk.ts";
import { actionTiers } from "./vocabulary.ts";

function step(changes: Partial<PlanStep> = {}): PlanStep {
  return {
    action: "course.create",
    provider: "course_factory.v1",
    resource: "course:demo",
    params: {},
    idempotency_key: "key-1",
    constraints: {},
    budget_cents: null,
    step_id: null,
    description: null,
    ...changes,
  };
}
const tierOf = (changes: Partial<PlanStep>) => riskOf(step(changes)).tier;

describe("the tier of an action by itself", () => {
  const expected: readonly (readonly [tier: number, actions: string])[] = [
    [3, "dns.delete_zone odoo.uninstall_module odoo.delete_record infra.destroy"],
    [2, "dns.update_records dns.create_zone odoo.install_module"],
    [
      1,
      "deploy.website deploy.api deploy.database webgen.generate_site webgen.update_content webgenesis.site.create webgenesis.site.update webgenesis.deploy.trigger webgenesis.bind_theme webgenesis.build_sections webgenesis.apply_seo webgenesis.preview course.deploy_staging odoo.update_module infra.provision infra.scale",
    ],
    [
      0,
      "odoo.create_record odoo.update_record course.create course.generate_outline course.generate_lessons course.generate_quiz course.generate_landing course.enhance_examples course.enhance_summaries course.generate_flashcards course.workflow_transition",
    ],
  ];
  const table = expected.flatMap(([tier, actions]) =>
    actions.split(" ").map((action) => [action, tier] as const),
  );

  test.each(table)("%s has tier %i", (action, tier) => {
    expect(tierOf({ action })).toBe(tier);
  });

  test("is known of all 34 actions", () => {
    expect(table.map(([action]) => action).sort()).toEqual(Object.keys(actionTiers).sort());
    expect(table).toHaveLength(34);
  });

  test("is the highest for every action that destroys", () => {
    const destructive = Object.keys(actionTiers).filter((name) =>
      /delete|destroy|uninstall|drop|truncate|remove|purge/.test(name),
    );
    expect(destructive).toHaveLength(4);
    for (const action of destructive) expect(tierOf({ action })).toBe(3);
  });

  test.each(["course.delete_everything", "toString", "__proto__", ""])(
    "is the highest for an action that nobody rated: %j",
    (action) => {
      expect(tierOf({ action })).toBe(3);
    },
  );
});

describe("the scope", () => {
  test.each<[string, Partial<PlanStep>]>([
    ["a resource in production", { resource: "site:production" }],
    ["a resource called prod", { resource: "k8s/prod/web" }],
    ["a live site", { resource: "https://live.example.org" }],
    ["upper case", { resource: "PROD-db" }],
    ["a word by its capital", { resource: "acmeProd" }],
    ["full-width letters", { resource: "site:ｐｒｏｄ" }],
    ["a constraint's environment", { constraints: { environment: "production" } }],
    ["a constraint's env", { constraints: { env: "live" } }],
    ["another constraint's value", { constraints: { targets: ["eu", "prod"] } }],
    ["a constraint's key", { constraints: { production: true } }],
    ["the environment declared in params", { params: { environment: "production" } }],
    ["env in params, nested and in a list", { params: { target: { ENV: ["staging", "live"] } } }],
    ["a title that holds the whole word", { resource: "course:Wir liefern live" }],
  ])("is production for %s", (_name, changes) => {
    expect(tierOf(changes)).toBe(2);
  });

  test.each<[string, Partial<PlanStep>]>([
    ["Produkt", { resource: "course:Produktmanagement" }],
    ["Deliverables", { resource: "course:Deliverables" }],
    ["Oliver", { resource: "course:Oliver Twist" }],
    ["reproduce", { resource: "course:Reproducible builds" }],
    ["alive", { constraints: { note: "alive and well" } }],
    ["free text in params", { params: { title: "Wir gehen live", description: "production ready" } }],
    ["a key in params that is no environment", { params: { production_notes: "prod" } }],
    ["staging", { constraints: { environment: "staging" }, params: { env: "dev" } }],
    ["the description", { description: "deploy to production" }],
  ])("is not production for %s", (_name, changes) => {
    expect(tierOf(changes)).toBe(0);
  });

  test("control: a search for parts of words would find production in all of these", () => {
    const findsPart = (text: string) => /production|prod|live/i.test(text);
    for (const title of ["Produktmanagement", "Deliverables", "Oliver Twist", "Reproducible builds"]) {
      expect(findsPart(title)).toBe(true);
      expect(tierOf({ resource: `course:${title}` })).toBe(0);
    }
  });

  test("raises what is provisioned or scaled in production", () => {
    for (const action of ["infra.provision", "infra.scale"]) {
      expect(tierOf({ action, resource: "cluster:staging" })).toBe(1);
      expect(tierOf({ action, resource: "cluster:prod" })).toBe(2);
    }
  });
});

describe("the impact", () => {
  const models = ["account.move", "account.payment", "account.invoice", "sale.order", "purchase.order"];

  test.each(models)("of a record of %s is the highest", (model) => {
    for (const action of ["odoo.create_record", "odoo.update_record", "odoo.delete_record"]) {
      expect(tierOf({ action, params: { model } })).toBe(3);
    }
    expect(tierOf({ action: "odoo.update_record", resource: `${model}/12` })).toBe(3);
    expect(tierOf({ action: "odoo.update_record", resource: `odoo:${model.toUpperCase()}` })).toBe(3);
  });

  test("of another model is that of the action", () => {
    for (const model of ["res.partner", "account.move.line", "my.sale.order", "sale"]) {
      expect(tierOf({ action: "odoo.update_record", params: { model } })).toBe(0);
      expect(tierOf({ action: "odoo.update_record", resource: `${model}/1` })).toBe(0);
    }
    expect(tierOf({ action: "odoo.update_module", params: { model: "account.move" } })).toBe(1);
  });

  test.each([
    { record_count: 101 },
    { record_count: "250" },
    { nested: { records: 5_000 } },
    { record_ids: Array.from({ length: 101 }, (_, index) => index) },
    { bulk: true },
    { batch: "true" },
    { Bulk: { size: 10 } },
    { batch: 500 },
  ])("of a bulk change is the highest: %j", (params) => {
    expect(tierOf({ params })).toBe(3);
  });

  test.each([
    { record_count: 100 },
    { bulk: false },
    { bulk: null },
    { batch: 50 },
    { batch: "Batch-Verarbeitung" },
    { title: "Batch-Verarbeitung mit bulk insert" },
    { word_count: 5_000 },
    { record_ids: [1, 2, 3] },
  ])("of what only mentions it is none: %j", (params) => {
    expect(tierOf({ params })).toBe(0);
  });
});

describe("the reason", () => {
  test("names what made the tier", () => {
    expect(riskOf(step({ action: "infra.destroy" })).reason).toContain("infra.destroy");
    expect(riskOf(step({ resource: "site:prod" })).reason).toBe("the resource names production");
    expect(riskOf(step({ params: { bulk: true } })).reason).toContain("bulk");
    const books = step({ action: "odoo.create_record", params: { model: "sale.order" } });
    expect(riskOf(books).reason).toContain("sale.order");
  });
});
