import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parseConfig, settingNames } from "../../src/config.ts";
import { readProject, sectionOf } from "../../tools/checks/documents.ts";
import { root } from "../../tools/root.ts";

const required = {
  NEON_DATABASE_URL: "postgres://user:password@host/database",
  UPSTASH_REDIS_REST_URL: "https://redis.example",
  UPSTASH_REDIS_REST_TOKEN: "token",
  BRAIN_API_KEY: "0123456789abcdef",
};

/** With what makes the other settings count. */
const complete = { ...required, STRIPE_SECRET_KEY: "sk_test", STRIPE_WEBHOOK_SECRET: "whsec_test" };

const home = "workers/README.md";

async function readConfiguration(): Promise<readonly string[]> {
  const { documents } = await readProject();
  const document = documents.find(({ path }) => path === home);
  if (document === undefined) throw new Error(`There is no ${home}.`);
  return sectionOf(document, "Configuration").split(/\n### (?=`npm start`|Other programs)/);
}

const [settings = "", start = ""] = await readConfiguration();

/** Rows of the tables: each variable with the default that stands beside it. */
function readTable(table: string): ReadonlyMap<string, string> {
  const rows = [...table.matchAll(/^\| (`[A-Z].*?) \| (.*?) \|/gm)];
  return new Map(
    rows.flatMap(([, names = "", defaults = ""]) => {
      const values = defaults.replaceAll("`", "").split(", ");
      return [...names.matchAll(/`(\w+)`/g)].map(([, name = ""], index): [string, string] => [
        name,
        values[index] ?? values[0] ?? "",
      ]);
    }),
  );
}

/** A module may list its variables itself, under the heading "Settings". */
async function readModuleSettings(): Promise<string> {
  const { documents } = await readProject();
  return documents
    .filter(({ path, anchors }) => /^src\/modules\/[^/]+\/README\.md$/.test(path) && anchors.has("settings"))
    .map((document) => sectionOf(document, "Settings"))
    .join("\n");
}

const table = readTable(`${settings}\n${await readModuleSettings()}`);

test(`${home} and the modules name every variable that the configuration reads, and no other`, () => {
  expect(settingNames.length).toBeGreaterThan(10);
  expect([...table.keys()].sort()).toEqual([...settingNames].sort());
});

const isRequired = (value: string) => value.startsWith("required (") || value === "required";
const mode = "BRAIN_EVENTSTREAM_MODE";
const mustBeSet = [...table].filter(([name, value]) => name !== mode && isRequired(value));
const withDefault = [...table].filter(
  ([name, value]) =>
    name === mode || (!isRequired(value) && /^[\w.-]+$/.test(value) && value !== "templates"),
);

test.each(mustBeSet)("without %s there is no start: it is %s", (name) => {
  expect(() => parseConfig({ ...required, [name]: "" })).toThrow(name);
});

test.each(withDefault)("%s is %s when it is left out", (name, value) => {
  const usual = parseConfig(complete);
  expect(parseConfig({ ...complete, [name]: value })).toEqual(usual);
  // Control: the variable is read, so another value makes another configuration or is refused.
  let other: unknown = "refused";
  try {
    other = parseConfig({ ...complete, [name]: value === "false" ? "true" : `${value}1` });
  } catch (error) {
    expect(String(error)).toContain(name);
  }
  expect(other).not.toEqual(usual);
});

test("both groups of variables are found in the table", () => {
  expect(mustBeSet.map(([name]) => name).sort()).toEqual(Object.keys(required).sort());
  expect(withDefault.length).toBeGreaterThan(9);
});

test(`${home} names every variable that npm start reads beside them, and no other`, async () => {
  const file = `${root}workers/local/start-options.ts`;
  const read = [...(await readFile(file, "utf8")).matchAll(/^ {2}([A-Z][A-Z_]+): /gm)].map(
    ([, name]) => name,
  );
  expect(read.length).toBeGreaterThan(8);
  expect([...readTable(start).keys()].sort()).toEqual([...new Set(read)].sort());
});
