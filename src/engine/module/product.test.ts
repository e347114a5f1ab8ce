import { defineEvent } from "@brain/schemas";
import { pgTable, text } from "drizzle-orm/pg-core";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { on } from "../consume/consumer.ts";
import { defineConsumer } from "../consume/define/define-consumer.ts";
import { defineSettings, readEnvironment, whole } from "../core/settings/environment.ts";
import { defineModule } from "./define-module.ts";
import { definePort } from "./ports.ts";
import { defineProduct } from "./product.ts";

function eventOf(module: string, type: string) {
  return defineEvent(type, {
    version: 1,
    module,
    criticality: "INFO",
    when: "A sample was taken",
    payload: z.strictObject({ sample_id: z.string().max(50).describe("The sample.") }),
  });
}

const taken = eventOf("laboratory", "laboratory.sample.taken");
const consumerNamed = (subscriber: string) =>
  defineConsumer({ subscriber, handlers: [on(taken, async () => undefined)] });
const jobNamed = (name: string) => ({ name, run: async () => null });

describe("a product is refused", () => {
  const one = { name: "one", events: [] };
  const two = { name: "two", events: [] };

  test("with two modules of one name, and the message says where they stand", () => {
    const modules = [defineModule(two), defineModule(one), defineModule(two)];
    expect(() => defineProduct(modules)).toThrow(/Two modules are named "two", in the places 1 and 3/);
  });

  test("with a module that a circle of imports has left undefined", () => {
    expect(() => defineProduct([defineModule(one), undefined as never])).toThrow(
      /in place 2 of 2 is undefined/,
    );
  });

  test.each<[string, object, object]>([
    [
      'the table "shelf"',
      { tables: [{ shelf: pgTable("shelf", { id: text("id") }) }] },
      { tables: [{ other: pgTable("shelf", { id: text("id") }), notATable: 1 }] },
    ],
    [
      'the consumer "reader"',
      { consumers: () => [consumerNamed("reader")] },
      { consumers: () => [consumerNamed("reader")] },
    ],
    [
      'the limit "visits"',
      { limits: [{ name: "visits", perMinute: 1 }] },
      { limits: [{ name: "visits", perMinute: 2 }] },
    ],
    ['the job "sweep"', { jobs: () => [jobNamed("sweep")] }, { jobs: () => [jobNamed("sweep")] }],
  ])("when two modules have %s, and the message names both", (what, first, second) => {
    const open = (...parts: object[]) =>
      defineProduct(
        parts.map((part, index) => defineModule({ ...[one, two][index], ...part } as typeof one)),
      ).open({});
    expect(() => open(first, second)).toThrow(`Two modules have ${what}: "one" and "two".`);
    // Control: each alone is right.
    expect(() => open(first)).not.toThrow();
    expect(() => open({}, second)).not.toThrow();
  });

  test("when two events have one name, or a module lists one of another", () => {
    const twice = { name: "laboratory", events: [taken, eventOf("laboratory", "laboratory.sample.taken")] };
    expect(() => defineProduct([defineModule(twice)])).toThrow(
      /"laboratory" has the event "laboratory.sample.taken" twice/,
    );
    expect(() => defineModule({ ...one, events: [taken] })).toThrow(
      /"one" lists the event "laboratory.sample.taken", whose definition says module: "laboratory"/,
    );
  });

  test("when a module has no name", () => {
    expect(() => defineModule({ ...one, name: "Course-Factory" })).toThrow(/is no name of a module/);
  });
});

describe("settings of modules", () => {
  const days = () => ({ LOAN_DAYS: whole(1, 365).default(28) });
  const shared = days();
  const module = (name: string, shape: ReturnType<typeof days>) =>
    defineModule({
      name,
      events: [],
      settings: defineSettings(shape, ({ LOAN_DAYS }) => ({ loanDays: LOAN_DAYS })),
      routes: ({ settings }): string[] => [`${name}: ${settings.loanDays}`],
    });
  const routesOf = (product: ReturnType<typeof defineProduct<string>>, env: Record<string, string>) =>
    product.open(readEnvironment(env, product.settings).settings).modules.flatMap(({ routes }) => routes);

  test("reach each module, also a variable that two share", () => {
    const product = defineProduct([module("one", shared), module("two", shared)]);
    expect(routesOf(product, { LOAN_DAYS: "14" })).toEqual(["one: 14", "two: 14"]);
    expect(routesOf(product, {})).toEqual(["one: 28", "two: 28"]);
  });

  test("stop the start when they are wrong, with the name of the variable, once", () => {
    const product = defineProduct([module("one", shared), module("two", shared)]);
    expect(() => routesOf(product, { LOAN_DAYS: "0" })).toThrow(
      /^The configuration is not valid:\n {2}LOAN_DAYS: [^\n]*$/,
    );
  });

  test("stop the start when two modules read one variable, each in its own way; the message names all three", () => {
    const product = defineProduct([module("one", days()), module("two", days())]);
    expect(() => routesOf(product, {})).toThrow(
      /LOAN_DAYS is read by "one" and by "two", each in its own way/,
    );
  });
});

describe("a port", () => {
  const greeting = definePort<string>("greeting");
  const asking = (how: "one" | "optional" | "all") =>
    defineModule({
      name: "asking",
      events: [],
      needs: { answer: greeting[how] },
      routes: ({ ports }): unknown[] => [ports.answer],
    });
  const answering = (name: string) =>
    defineModule({ name, events: [], offers: () => [greeting.from(() => `from ${name}`)] });
  const ask = (how: "one" | "optional" | "all", ...others: string[]) =>
    defineProduct<unknown>([asking(how), ...others.map(answering)]).open({}).modules[0]?.routes[0];

  test("brings the answer of another module, wherever it stands in the list", () => {
    expect(ask("one", "first")).toBe("from first");
    expect(ask("optional", "first")).toBe("from first");
    expect(ask("optional")).toBeNull();
    expect(ask("all", "first", "second")).toEqual(["from first", "from second"]);
    expect(ask("all")).toEqual([]);
  });

  test("that the host answers is as good", () => {
    const product = defineProduct<unknown>([asking("one")]);
    expect(product.open({}, [greeting.from(() => "from outside")]).modules[0]?.routes).toEqual([
      "from outside",
    ]);
  });

  test("that nobody answers, or two, stops the start; the message names the port and the modules", () => {
    expect(() => ask("one")).toThrow(
      /"asking" needs the port "greeting", and no module of the product offers it/,
    );
    for (const how of ["one", "optional"] as const)
      expect(() => ask(how, "first", "second")).toThrow(/"greeting", and "first" and "second" give one/);
  });

  test("is told by identity: another of the same name does not answer it", () => {
    const namesake = definePort<string>("greeting");
    const other = defineModule({ name: "other", events: [], offers: () => [namesake.from(() => "wrong")] });
    expect(() => defineProduct<unknown>([asking("one"), other]).open({})).toThrow(
      /no module of the product offers it/,
    );
  });

  test("is answered once for all who ask, and only if somebody does", () => {
    let made = 0;
    const counting = defineModule({
      name: "counting",
      events: [],
      offers: () => [greeting.from(() => `${++made}`)],
    });
    defineProduct<unknown>([counting]).open({});
    expect(made).toBe(0);
    const again = defineModule({ ...{ name: "again", events: [] }, needs: { answer: greeting.one } });
    defineProduct<unknown>([counting, asking("one"), again]).open({});
    expect(made).toBe(1);
  });

  test("may need another port; a circle stops the start with its members", () => {
    const farewell = definePort<string>("farewell");
    const polite = defineModule({
      name: "polite",
      events: [],
      needs: { greeting: greeting.one },
      offers: ({ ports }) => [farewell.from(() => `${ports.greeting}, and good-bye`)],
    });
    const guest = defineModule({
      name: "guest",
      events: [],
      needs: { farewell: farewell.one },
      routes: ({ ports }): unknown[] => [ports.farewell],
    });
    const opened = defineProduct<unknown>([guest, polite, answering("first")]).open({});
    expect(opened.modules[0]?.routes).toEqual(["from first, and good-bye"]);
    const echo = defineModule({
      name: "echo",
      events: [],
      needs: { farewell: farewell.one },
      offers: ({ ports }) => [greeting.from(() => ports.farewell)],
    });
    expect(() => defineProduct<unknown>([polite, echo]).open({})).toThrow(
      /circle: "greeting" of "echo", which needs "farewell" of "polite", which needs "greeting" of "echo"/,
    );
  });
});
