import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineConsumer, on } from "@brain/engine";
import { charter, courseDistributionRequested, defineEvent } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { catalog } from "../../src/composition.ts";
import { documentFaults, subscribersOf } from "../../src/governance/pages/document-faults.ts";
import { completeGolden } from "../../src/governance/pages/golden-payloads.ts";
import {
  readModuleDocument,
  unexplained,
  unwrittenParts,
} from "../../src/governance/pages/module-document.ts";
import { documentsOf } from "../../src/governance/pages/module-pages.ts";
import { inLanguage } from "../../src/governance/scaffold/documents.ts";
import { openProduct } from "../../src/http-composition.ts";
import { root } from "../../tools/root.ts";
import { createTestEngine, type TestEngine } from "../engine.ts";

const ignore = async () => undefined;
const text = z.string().max(100);
const noAliases = new Map<string, string>();

function demo(payload: z.ZodType, outside: readonly string[] = []) {
  return defineEvent("demo.thing.created", {
    version: 1,
    module: "demo",
    criticality: "INFO",
    when: "never",
    payload,
    outside,
  });
}

describe("the documents of a module that has none", () => {
  const folder = `${root}src/modules/`;

  test.each(["README.md", "EVENTS.md"])(
    "begin with the headings of others, and %s waits for words",
    async (name) => {
      const text = await readModuleDocument(`${folder}nowhere/${name}`, "nowhere");
      const present = await readModuleDocument(`${folder}tasks/${name}`, "tasks");
      expect(text.split("\n", 1)[0]).toContain("nowhere");
      const fixed = /^(## (?!Events (Published|Consumed) by).*|<!-- \/?generated:.*)$/gm;
      const wanted = text.match(fixed) ?? [];
      // Those that are there have the German ones of the charter's template.
      expect(inLanguage(present, "en").match(fixed)).toEqual(expect.arrayContaining(wanted));
      expect(wanted.length).toBeGreaterThan(1);
      expect(unwrittenParts(text)).toMatch(/ in line \d+(, \d+)+\.$/);
      expect(unwrittenParts(text.replaceAll("\n?\n", "\nSome words.\n"))).toBeNull();
      // What is there stays as it is, and is complete.
      expect(present).toBe(await readFile(`${folder}tasks/${name}`, "utf8"));
      expect(unwrittenParts(present)).toBeNull();
    },
  );
});

describe("the variables of a module", () => {
  const path = "/nowhere/README.md";

  test("have rows in a new README.md, which wait for words", async () => {
    const text = await readModuleDocument(path, "nowhere", ["SOME_DAYS"]);
    expect(unexplained(["SOME_DAYS", "OTHER_DAYS"], "", text)).toEqual(["OTHER_DAYS"]);
    const words = text.replaceAll("\n?\n", "\nSome words.\n");
    const row = words.split("\n").findIndex((line) => line.startsWith("| `SOME_DAYS` |")) + 1;
    expect(unwrittenParts(words)).toMatch(new RegExp(` in line ${row}\\.$`));
    expect(unwrittenParts(words.replace("| ? | ? |", "| 28 | Days. |"))).toBeNull();
    expect(await readModuleDocument(path, "nowhere")).not.toContain("## Settings");
  });

  test("count as explained in a table under the heading, at the document's end too, or in the shared one", () => {
    const rows = "| variable | default | meaning |\n|---|---|---|\n| `A_DAYS`, `B_DAYS` | 1, 2 | Days. |\n";
    const names = ["A_DAYS", "B_DAYS", "C_DAYS"];
    expect(unexplained(names, rows, "")).toEqual(["C_DAYS"]);
    expect(unexplained(names, "", `# M\n\n## Settings\n\n${rows}`)).toEqual(["C_DAYS"]);
    expect(unexplained(names, "", `# M\n\n## Settings\n\n${rows}\n## Next\n`)).toEqual(["C_DAYS"]);
    expect(unexplained(names, "", `# M\n\n## Settings\n\nNone.\n\n## Next\n\n${rows}`)).toEqual(names);
  });
});

describe("golden payloads", () => {
  const definition = demo(
    z.strictObject({
      a: text.describe("A text."),
      b: z
        .array(z.strictObject({ c: text.describe("A text.") }))
        .max(2)
        .describe("A list."),
      d: text.optional().describe("Left out: nothing."),
    }),
  );
  const present = '{\n  "other.thing.created@1": { "x": ["y"] }\n}\n';
  const complete = (values: string) =>
    completeGolden(
      present.replace("\n}", `,\n  "demo.thing.created@1": ${values}\n}`),
      [definition],
      noAliases,
    );

  test("that are missing are added with the fields that must be there, and wait for values", () => {
    const { content, problem } = completeGolden(present, [definition], noAliases);
    expect(content.startsWith(present.trimEnd().slice(0, -2))).toBe(true);
    expect(JSON.parse(content)).toEqual({
      "other.thing.created@1": { x: ["y"] },
      "demo.thing.created@1": { a: "?", b: [{ c: "?" }] },
    });
    expect(problem).toContain(
      'demo.thing.created@1: write a payload as it is published, instead of each "?"',
    );
    // Another run adds nothing, and still waits.
    expect(completeGolden(content, [definition], noAliases)).toEqual({ content, problem });
  });

  test("are told with the field that is wrong, and left alone when they are right", () => {
    expect(complete('{ "a": "x", "b": [], "e": 1 }').problem).toMatch(/^demo\.thing\.created@1: .*\be\b/);
    expect(complete('{ "a": "x", "b": [{ "c": "y" }] }').problem).toBeNull();
  });
});

describe("an event that has another name now", () => {
  const definition = demo(z.strictObject({ a: text.describe("A text.") }));
  const readAliases = new Map([["demo.thing.made", definition.type]]);
  const golden = (payload: object) => `${JSON.stringify({ "demo.thing.made@1": payload }, null, 2)}\n`;

  test("has the golden payload of its old name, which stays; other fields are to be filled in", () => {
    const { content, problem } = completeGolden(golden({ a: "x" }), [definition], readAliases);
    expect(JSON.parse(content)).toEqual({
      "demo.thing.made@1": { a: "x" },
      "demo.thing.created@1": { a: "x" },
    });
    expect(problem).toBeNull();
    // Control: a name that nobody calls the older one, and fields that are others.
    for (const { content: begun } of [
      completeGolden(golden({ a: "x" }), [definition], noAliases),
      completeGolden(golden({ b: "x" }), [definition], readAliases),
    ])
      expect(JSON.parse(begun)).toMatchObject({ "demo.thing.created@1": { a: "?" } });
  });

  test.each([
    ["one consumer", ["reader"], ["demo.thing.made"]],
    ["two", ["reader", "other"], ["demo.thing.made (reader)", "demo.thing.made (other)"]],
  ])("keeps what its author wrote that a handler does: of %s", async (_name, subscribers, headings) => {
    const present = headings.map((heading, at) => part(at, heading, `Counts ${at}.`));
    const readme = await consumedAnew(definition, subscribers, present, readAliases);
    for (const at of headings.keys()) expect(readme).toContain(`**Action:** Counts ${at}.`);
    expect(readme).toContain("demo.thing.created");
    expect(readme).not.toContain("demo.thing.made");
    const begun = await consumedAnew(definition, subscribers, present, noAliases);
    expect(begun).toContain("**Action:** ?");
  });
});

test("what a handler does is kept when the module gets a second consumer of its event, and when that one goes", async () => {
  const definition = demo(z.strictObject({ a: text.describe("A text.") }));
  const claim = "**Idempotent:** Yes. The claim (`reader`, stream message id), …";
  const alone = [`${part(0, "demo.thing.created", "Counts.")}\n${claim}\n`];
  const both = await consumedAnew(definition, ["other", "reader"], alone, noAliases);
  expect(both).toContain("1. demo.thing.created (other)");
  expect(both.split("### 2. demo.thing.created (reader)")[1]).toContain("**Action:** Counts.");
  expect(both.split("### 2. ")[0]).toContain("**Action:** ?");
  const two = [
    part(0, "demo.thing.created (other)", "Mails."),
    part(1, "demo.thing.created (reader)", "Counts."),
  ];
  const one = await consumedAnew(definition, ["reader"], two, noAliases);
  expect(one).toContain("1. demo.thing.created\n");
  expect(one).toContain("**Action:** Counts.");
});

const part = (at: number, heading: string, action: string) =>
  `### ${at + 1}. ${heading}\n\n**Action:** ${action}\n`;

/** The README.md of a module whose consumers handle the event, made anew. @param present its parts, as they stood */
async function consumedAnew(
  definition: ReturnType<typeof demo>,
  subscribers: readonly string[],
  present: readonly string[],
  readAliases: ReadonlyMap<string, string>,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "renamed-"));
  try {
    const generated = `<!-- generated:consumed -->\n${present.join("\n")}\n<!-- /generated:consumed -->`;
    await mkdir(join(folder, "m"));
    await writeFile(
      join(folder, "m/README.md"),
      `# m\n\n<!-- generated:published -->\n<!-- /generated:published -->\n\n${generated}\n`,
    );
    const consumers = subscribers.map((subscriber) =>
      defineConsumer({ subscriber, handlers: [on(definition, ignore)] }),
    );
    const facts = {
      module: "m",
      published: [],
      consumers,
      allConsumers: consumers,
      variables: [],
      sources: new Map(),
      exports: new Map(),
      events: "schemas/events",
    };
    const [readme] = await documentsOf(folder, "m", { ...facts, readAliases });
    return readme?.content ?? "";
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("the check of what documents say", () => {
  const consumers = [
    defineConsumer({ subscriber: "reader", handlers: [on(courseDistributionRequested, ignore)] }),
    defineConsumer({ subscriber: "idler", handlers: [on(charter.all[0] as never, ignore)] }),
  ];
  const said = text.describe("A text.");

  test.each<[string, z.ZodType, readonly string[]]>([
    ["a field", z.strictObject({ a: text, b: said }), ["payload.a"]],
    ["a meaning of blanks", z.strictObject({ a: text.describe("  ") }), ["payload.a"]],
    [
      "a field of an object, although the object has one",
      z.strictObject({ a: z.strictObject({ b: text }).describe("An object.") }),
      ["payload.a.b"],
    ],
    [
      "a field in a list that may be null or left out",
      z.strictObject({
        a: z
          .array(z.strictObject({ b: text }))
          .max(2)
          .nullable()
          .optional()
          .describe("A list."),
      }),
      ["payload.a[].b"],
    ],
    [
      "a field of the second way of a union",
      z.strictObject({
        a: z.union([z.strictObject({ b: said }), z.strictObject({ c: text })]).describe("Either."),
      }),
      ["payload.a.c"],
    ],
    [
      "a field of what a record or a tuple holds",
      z.strictObject({
        a: z.record(z.enum(["x"]), z.strictObject({ b: text })).describe("A record."),
        c: z.tuple([z.strictObject({ d: text })]).describe("A tuple."),
      }),
      ["payload.a{}.b", "payload.c.0.d"],
    ],
  ])("misses the meaning of %s", (_what, payload, places) => {
    expect(documentFaults([demo(payload)], consumers)).toEqual(
      places.map((place) => `demo.thing.created: ${place} has no meaning. Say it with .describe("…").`),
    );
  });

  test("is content with a meaning for each, and takes a name for elsewhere under outside", () => {
    expect(documentFaults([demo(z.strictObject({ a: said }), ["analytics"])], consumers)).toEqual([]);
    expect(documentFaults([{ ...courseDistributionRequested, consumers: ["reader"] }], consumers)).toEqual(
      [],
    );
  });

  test("refuses a consumer that does not exist or does not handle it, and one that is called outside", () => {
    const named = { ...courseDistributionRequested, consumers: ["analytics", "idler"], outside: ["reader"] };
    expect(documentFaults([named], consumers)).toEqual([
      expect.stringMatching(/consumers names "analytics", and no consumer of the product has that name\./),
      expect.stringMatching(/consumers names "idler", which does not handle it\./),
      `${courseDistributionRequested.type}: "reader" handles it. Name it under consumers.`,
      expect.stringMatching(/outside names "reader", which is a consumer of the product\./),
    ]);
    expect(subscribersOf(courseDistributionRequested, consumers)).toEqual(["reader"]);
  });
});

describe("the product", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await createTestEngine();
  });
  afterAll(() => engine?.cleanup());

  const post = async (path: string, body: unknown) => {
    const answer = await engine.request("POST", path, body);
    expect(answer.status, `${path} ${answer.text}`).toBeLessThan(300);
    return answer.body;
  };

  test("says in its documents nothing that the check refuses", () => {
    expect(documentFaults(catalog.all, openProduct(engine.config).consumers)).toEqual([]);
  });

  test("publishes each event as the producer that its documents name", async () => {
    const { course_id } = await post("/api/course-factory/generate", {
      tenant_id: "tenant-a",
      title: "Zeit gut einteilen",
      description: "Wie man den Tag so plant, dass am Abend das Wichtige getan ist.",
      language: "de",
      target_audiences: ["parents"],
      dry_run: false,
    });
    await engine.settle();
    const change = { course_id, from_state: "draft", to_state: "review", actor: "author-1" };
    await post("/api/course-factory/workflow/transition", change);
    await post(`/api/courses/${course_id}/enroll`, { actor_id: "learner-1" });
    await post(`/api/course-access/${course_id}/grant`, { user_id: "user-1", reason: "a gift" });
    await post("/api/missions/enqueue", { type: "echo" });
    await engine.settle();
    await engine.cron();
    const { mission_id } = await post("/api/missions/enqueue", { type: "echo" });
    await post(`/api/missions/${mission_id}/cancel`, { reason: "no longer needed" });
    await post("/api/tasks", { title: "Write the report" });
    await post("/api/agents/robot-1/online", {});
    const step = {
      action: "dns.list_zones",
      provider: "dns.hetzner",
      resource: "zone:example.org",
      params: {},
      idempotency_key: "zone-1",
    };
    await post("/api/ir/validate", { tenant_id: "tenant-a", steps: [step], intent_summary: "Try it" });
    await engine.settle();
    const rows = await engine.sql<{ type: string; producer: string; module: string }>(
      "SELECT DISTINCT type, meta->>'producer' AS producer, meta->>'source_module' AS module FROM events",
    );
    const wrong = rows.filter(({ type, producer }) => !charter.find(type)?.producers.includes(producer));
    expect(wrong).toEqual([]);
    expect(new Set(rows.map(({ module }) => module))).toEqual(
      new Set([
        "course_factory",
        "course_distribution",
        "course_access",
        "missions",
        "tasks",
        "agents",
        "ir_governance",
      ]),
    );
    expect(new Set(rows.map(({ producer }) => producer)).size).toBeGreaterThanOrEqual(10);
  });
});
