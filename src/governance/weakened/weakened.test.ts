/** Changes that make something weaker are told, each with its file, and honest ones that move, rename or split are not. */

import { expect, test } from "vitest";
import { weakenedBy } from "./weakened.ts";

type Files = Readonly<Record<string, string>>;
type Change = readonly [before: Files, after: Files, told: readonly string[]];

function told(before: Files, after: Files): readonly string[] {
  const now = Object.entries(after).map(([path, text]) => ({ path, text }));
  const paths = [...Object.keys(before), ...Object.keys(after)];
  const found = weakenedBy(new Map(paths.map((path) => [path, before[path] ?? null])), now);
  return found.map(({ file, line, rule }) => `${rule} ${file}:${line}`);
}

const one = (path: string, before: string, after: string, ...lines: readonly string[]): Change => [
  { [path]: before },
  { [path]: after },
  lines.map((line) => line.replace("@", path)),
];

const cases = `test("a", () => {
  expect(one()).toBe(1);
  expect(two()).toEqual([2]);
});
test("b", () => { expect(three()).toBe(3); });
`;
const list = `export async function list(tx: Tx, tenantId: string) {
  return tx.select().from(books).where(and(eq(books.tenantId, tenantId), eq(books.isOpen, true)));
}
`;
const workflow = "jobs:\n  one:\n    steps:\n      - run: npm run check\n      - run: npm test\n";

const routes = `const mayWrite = requires("books:write");
const app = new Hono();
app.post("/books", mayWrite, validated("json", newBook), (c) => c.json({}));
`;

const sink = `export async function send(url: string) {
  await requirePublic(new URL(url));
  return fetch(url);
}
`;

const access = `const mayWrite = requires("shelf:write", "own_tenant");
const app = new Hono();
app.get("/a", requires("shelf:read", "own_tenant"), list);
app.post("/a", mayWrite, add);
`;

const weaker: Readonly<Record<string, Change>> = {
  "a test that is gone": one(
    "a.test.ts",
    cases,
    cases.slice(0, cases.indexOf('test("b"')),
    "weaker-test @:1",
  ),
  "a file of tests that is gone": [
    { "a.test.ts": cases },
    {},
    ["weaker-test a.test.ts:1", "weaker-test a.test.ts:1"],
  ],
  "a test that does not run": one(
    "a.test.ts",
    cases,
    cases.replace('test("b"', 'test.skip("b"'),
    "weaker-test @:5",
  ),
  "a test that runs alone": one(
    "a.test.ts",
    cases,
    cases.replace('test("b"', 'test.only("b"'),
    "weaker-test @:5",
  ),
  "an assertion that is looser": one(
    "a.test.ts",
    cases,
    cases.replace("toEqual([2])", "toBeDefined()"),
    "weaker-test @:3",
  ),
  "an assertion that is gone": one(
    "a.test.ts",
    cases,
    cases.replace("  expect(two()).toEqual([2]);\n", ""),
    "weaker-test @:1",
  ),
  "a threshold of coverage": one(
    "vitest.config.ts",
    "export default { coverage: { thresholds: { lines: 90, branches: 80 } } };",
    "export default { coverage: { thresholds: {\n lines: 70, branches: 80 } } };",
    "weaker-value @:2",
  ),
  "a budget": one(
    "src/size.ts",
    "export const sizeBudget = 64 * 1024;",
    "export const sizeBudget = 96 * 1024;",
    "weaker-value @:1",
  ),
  "a time-out": one("src/a.ts", "const timeoutMs = 5_000;", "const timeoutMs = 60_000;", "weaker-value @:1"),
  "a rate limit": one(
    "src/a.ts",
    "const limits = { perMinute: 20 };",
    "const limits = { perMinute: 2000 };",
    "weaker-value @:1",
  ),
  "fewer tries": one(
    "src/a.ts",
    "const policy = { maxAttempts: 5 };",
    "const policy = { maxAttempts: 1 };",
    "weaker-value @:1",
  ),
  "no retry any more": one(
    "src/a.ts",
    "export const load = (id: string) => withRetry(() => ask(id));",
    "export const load = (id: string) => ask(id);",
    "forgotten @:1",
  ),
  "a comment that silences": one(
    "src/a.ts",
    "one();\n",
    "// biome-ignore lint/a/b: later\none();\n",
    "silenced @:1",
  ),
  "a type that is gone": one("src/a.ts", "const a = one();\n", "const a = one() as any;\n", "silenced @:1"),
  "a step of CI that is gone": one(
    ".github/workflows/ci.yml",
    workflow,
    workflow.replace("      - run: npm test\n", ""),
    "gone-step @:1",
  ),
  "a step that may fail": one(
    ".github/workflows/ci.yml",
    workflow,
    workflow.replace("npm test", "npm test\n        continue-on-error: true"),
    "silenced @:6",
  ),
  "a script of the check": one(
    "package.json",
    '{ "scripts": { "check": "tsc && biome check ." } }',
    '{ "scripts": { "check": "tsc" } }',
    "gone-step @:1",
  ),
  "a rule that is off": one(
    "biome.json",
    '{ "rules": { "noExplicitAny": "error" } }',
    '{ "rules": {\n "noExplicitAny": "off" } }',
    "weaker-value @:2",
  ),
  "strictness of types": one(
    "tsconfig.json",
    '{ "strict": true }',
    '{ "strict": false }',
    "weaker-value @:1",
  ),
  "a schema that lets more through": one(
    "src/a.ts",
    "const body = z.strictObject({ id: z.uuid(), title: z.string().min(1).max(80), kind: z.enum(['a']) });",
    "const body = z.looseObject({\n id: z.string(),\n title: z.string().min(1),\n kind: z.enum(['a']).optional() });",
    "weaker-value @:1",
    "weaker-value @:2",
    "weaker-value @:3",
    "weaker-value @:4",
  ),
  "an idempotency key that is gone": one(
    "src/a.ts",
    'export const pay = (id: string) => fetch(url, { method: "POST", headers: { "idempotency-key": id } });',
    'export const pay = (id: string) => fetch(url, { method: "POST", headers: {} });',
    "forgotten @:1",
  ),
  "a scope that is wider": one(
    "src/a.ts",
    'const key = { scopes: ["read"] };',
    'const key = { scopes: ["read", "write"] };',
    "weaker-value @:1",
  ),
  "a route that nobody guards, by a name that stands for it": one(
    "src/a.ts",
    routes,
    routes.replace(" mayWrite, validated", " validated"),
    "forgotten @:3",
  ),
  "a route whose body nobody checks": one(
    "src/a.ts",
    routes,
    routes.replace(' validated("json", newBook),', ""),
    "forgotten @:3",
  ),
  "a permission that nobody asks for": one(
    "src/a.ts",
    'app.post("/a", requireScope("write"), add).get("/a", requireScope("read"), get);',
    'app.post("/a", add).get("/a", requireScope("read"), get);',
    "forgotten @:1",
  ),
  "a tenant that is no condition": one(
    "src/a.ts",
    list,
    list.replace("and(eq(books.tenantId, tenantId), ", "and("),
    "forgotten @:1",
  ),
  "a guard of the project's own that nobody calls": one(
    "src/a.ts",
    sink,
    sink.replace("  await requirePublic(new URL(url));\n", ""),
    "forgotten @:1",
  ),
  "the limit of what a route is asked": one(
    "src/a.ts",
    'app.post("/a", rateLimiter({ max: 5 }), bodyLimit({ maxSize: 1024 }), add);',
    'app.post("/a", add);',
    "forgotten @:1",
    "forgotten @:1",
  ),
  "a query without its limit": one(
    "src/a.ts",
    "export async function all(db: Db) { return db.select().from(books).limit(50); }",
    "export async function all(db: Db) { return db.select().from(books); }",
    "forgotten @:1",
  ),
  "a limit that a service asks for": one(
    "src/a.ts",
    "export async function pay(services: Services) { await services.limit(refunds, 1); return 1; }",
    "export async function pay(services: Services) { return 1; }",
    "forgotten @:1",
  ),
  "a call that may take longer": one(
    "src/a.ts",
    "const callMs = 10_000;\nexport const a = () => withTimeLimit(callMs, ask);\nexport const b = () => fetch(u, { signal: AbortSignal.timeout(5_000) });",
    "const callMs = 60_000;\nexport const a = () => withTimeLimit(callMs, ask);\nexport const b = () => fetch(u, { signal: AbortSignal.timeout(300_000) });",
    "weaker-value @:1",
    "weaker-value @:3",
  ),
  "a bound that is gone": one(
    "src/a.ts",
    "const policy = { name: 'a', timeoutMs: 5_000, maxAttempts: 3 };",
    "const policy = { name: 'a' };",
    "weaker-value @:1",
    "weaker-value @:1",
  ),
  "whose rows a route means": one(
    "src/a.ts",
    access,
    access.replaceAll('"own_tenant"', '"all_tenants"'),
    "weaker-value @:1",
    "weaker-value @:3",
  ),
  "who may call a route": one(
    "src/a.ts",
    access,
    access
      .replace('requires("shelf:write", "own_tenant");', 'identified("all may");')
      .replace('requires("shelf:read", "own_tenant")', 'anybody("it is public")'),
    "weaker-value @:1",
    "weaker-value @:3",
  ),
  "a route that asks for less": one(
    "src/a.ts",
    access,
    access.replace('"/a", mayWrite', '"/a", requires("shelf:read", "own_tenant")'),
    "weaker-value @:4",
  ),
  "schemas inside of others, and by name": one(
    "src/a.ts",
    "const tags = z.array(z.string().max(40)).max(10);\nconst title = text.min(1).max(80);\nconst body = z.object({ a: z.string() }).strict();",
    "const tags = z.array(z.string()).max(10);\nconst title = text.min(1);\nconst body = z.object({ a: z.string() }).passthrough();",
    "weaker-value @:1",
    "weaker-value @:2",
    "weaker-value @:3",
  ),
  "a finding that SQL or a document hides": [
    { "migrations/0001_a.sql": "DROP TABLE a;\n", "README.md": "# A\n" },
    {
      "migrations/0001_a.sql": "-- charter-ignore 11.1 until 2027-01-01: it is meant\nDROP TABLE a;\n",
      "README.md": "<!-- charter-ignore R-2 until 2027-01-01: it is meant -->\n# A\n",
    },
    ["silenced migrations/0001_a.sql:1", "silenced README.md:1"],
  ],
  "findings that are noted as known": one(
    "charter-baseline.json",
    '{ "version": 1, "findings": [{ "rule": "B-5" }] }',
    '{ "version": 1,\n "findings": [{ "rule": "B-5" }, { "rule": "C-3" }] }',
    "silenced @:2",
  ),
  "assertions that a function makes no more": [
    {
      "a.test.ts": cases.replace("  expect(two()).toEqual([2]);\n", "  seesTwo();\n"),
      "see.ts": "export const seesTwo = () => expect(two()).toEqual([2]);\n",
    },
    {
      "a.test.ts": cases.replace("  expect(two()).toEqual([2]);\n", "  seesTwo();\n"),
      "see.ts": "export const seesTwo = () => undefined;\n",
    },
    ["weaker-test a.test.ts:1"],
  ],
  "what cookies and certificates are asked for": one(
    "src/a.ts",
    "setCookie(c, 'a', b, { httpOnly: true, secure: true });\nconst agent = { rejectUnauthorized: true };",
    "setCookie(c, 'a', b, { httpOnly: false, secure: true });\nconst agent = { rejectUnauthorized: false };",
    "weaker-value @:1",
    "weaker-value @:2",
  ),
  "a tenant that SQL does not ask for": one(
    "src/a.ts",
    'export const count = (tx: Tx) => tx.query("SELECT 1 FROM a WHERE tenant_id = $1", [1]);',
    'export const count = (tx: Tx) => tx.query("SELECT 1 FROM a");',
    "forgotten @:1",
  ),
};

const honest: Readonly<Record<string, Change>> = {
  "a file of tests that moves": [{ "a.test.ts": cases }, { "b/c.test.ts": cases }, []],
  "a test that is renamed": one("a.test.ts", cases, cases.replace('"b"', '"b, as it is called now"')),
  "two tests instead of one": one(
    "a.test.ts",
    cases,
    `${cases.slice(0, cases.indexOf("  expect(two"))}});\ntest("a2", () => { expect(two()).toEqual([2]); });\n${cases.slice(cases.indexOf('test("b"'))}`,
  ),
  "assertions that a function makes": one(
    "a.test.ts",
    cases,
    `${cases.replace("  expect(two()).toEqual([2]);\n", "  assertTwo();\n")}function assertTwo() { expect(two()).toEqual([2]); }`,
  ),
  "assertions that a function of another file makes": [
    { "a.test.ts": cases },
    {
      "a.test.ts": cases.replace("  expect(two()).toEqual([2]);\n", "  seesTwo();\n"),
      "see.ts": "export const seesTwo = () => expect(two()).toEqual([2]);\n",
    },
    [],
  ],
  "a stricter assertion": one("a.test.ts", cases.replace("toEqual([2])", "toBeDefined()"), cases),
  "constants that move": [
    {
      "src/a.ts":
        "export const timeoutMs = 5_000;\nexport const maxAttempts = 5;\nexport const x = 1 as any;\n",
    },
    {
      "src/a.ts": "export const y = 1;\n",
      "src/b.ts":
        "export const maxAttempts = 5;\nexport const x = 1 as any;\nexport const timeoutMs = 5000;\n",
    },
    [],
  ],
  "bounds that are tighter": one(
    "src/a.ts",
    "const a = { timeoutMs: 60_000, perMinute: 200, maxAttempts: 1, title: z.string() };",
    "const a = { timeoutMs: 5_000, perMinute: 20, maxAttempts: 5, title: z.string().max(80) };",
  ),
  "numbers of other things": one(
    "src/a.ts",
    "const page = { limit: 20, width: 3 };",
    "const page = { limit: 50, width: 4 };",
  ),
  "a function that is split": [
    { "src/a.ts": list },
    {
      "src/a.ts":
        "export const list = async (tx: Tx, tenantId: string) => tx.select().from(books).where(ofParty(tenantId));\n",
      "src/b.ts":
        "export const ofParty = (id: string) => and(eq(books.tenantId, id), eq(books.isOpen, true));\n",
    },
    [],
  ],
  "a function that is renamed": one("src/a.ts", list, list.replace("function list", "function listOpen")),
  "a guard of routes that has another name": one(
    "src/a.ts",
    routes,
    routes.replaceAll("mayWrite", "mayChange"),
  ),
  "a function that checks by another one": one(
    "src/a.ts",
    "const read = (text: string) => validate(text);",
    "const read = (text: string) => schema.parse(text);",
  ),
  "a function that is gone": one("src/a.ts", `${list}export const a = 1;\n`, "export const a = 1;\n"),
  "words in a text or a comment": one(
    "src/a.ts",
    "one();\n",
    "/** By any: an any; as any program. */\none('// biome-ignore lint/a/b: x');\n",
  ),
  "a tenant that a function of another file says": one(
    "src/a.ts",
    list,
    list.replace("eq(books.tenantId, tenantId)", "ownRowsOfTenant(tenantId)"),
  ),
  "a comment whose code is formatted": one(
    "src/a.ts",
    "const a = one() as any; // old\n",
    "const a = one(\n  2,\n) as any;\n",
  ),
  "a newer action, and a step with another option": one(
    ".github/workflows/ci.yml",
    `${workflow}      - uses: actions/checkout@v4\n`,
    `${workflow.replace("npm test", "npm test -- --coverage")}      - uses: actions/checkout@v5\n`,
  ),
  "a workflow that moves": [
    { ".github/workflows/ci.yml": workflow },
    { ".github/workflows/all.yml": workflow },
    [],
  ],
  "a script that is stricter": one(
    "package.json",
    '{ "scripts": { "check": "tsc" } }',
    '{ "scripts": { "check": "tsc && biome check ." } }',
  ),
  "a schema in other words": one(
    "src/a.ts",
    "const title = z.string().min(1).max(80);",
    "const title = z.string().max(80).min(1).describe('Title');",
  ),
  "a guard that has another name, or is written out": [
    { "src/a.ts": sink, "src/b.ts": sink.replace("send", "tell") },
    {
      "src/a.ts": sink.replace("requirePublic(", "requireOutside("),
      "src/b.ts": sink
        .replace("send", "tell")
        .replace("  await requirePublic(new URL(url));", '  if (isPrivate(url)) throw new Error("private");'),
    },
    [],
  ],
  "a guard that a function around calls": [
    { "src/a.ts": sink },
    {
      "src/a.ts": sink.replace("  await requirePublic(new URL(url));\n", ""),
      "src/b.ts":
        "export async function sendOut(url: string) { await requirePublic(new URL(url)); return send(url); }\n",
    },
    [],
  ],
  "a query of one row, which its key finds": one(
    "src/a.ts",
    "export async function one(db: Db) { return db.select().from(books).where(eq(books.id, id)).limit(1); }",
    "export async function one(db: Db) { return db.select().from(books).where(eq(books.id, id)); }",
  ),
  "a limit for all routes in place of one": one(
    "src/a.ts",
    'app.post("/a", bodyLimit({ maxSize: 1024 }), add);',
    'app.use("*", bodyLimit({ maxSize: 1024 }));\napp.post("/a", add);',
  ),
  "a bound that has another name, or comes along with others": one(
    "src/a.ts",
    "const a = { timeoutMs: 5_000, x: 1 };\nconst b = { maxAttempts: 3, y: 1 };",
    "const a = { callTimeoutMs: 5_000, x: 1 };\nconst b = { ...defaults, y: 1 };",
  ),
  "times that bound no call": one(
    "src/a.ts",
    "const pauseMs = 10;\nawait sleep(pauseMs);",
    "const pauseMs = 50;\nawait sleep(pauseMs);",
  ),
  "a route that asks for more": one(
    "src/a.ts",
    access.replace('requires("shelf:write", "own_tenant")', 'identified("all may")'),
    access,
  ),
  "findings that are no longer known, and another one": one(
    "charter-baseline.json",
    '{ "version": 1, "findings": [{ "rule": "B-5" }, { "rule": "C-3" }] }',
    '{ "version": 1, "findings": [{ "rule": "B-6" }] }',
  ),
  "a scope that is narrower": one(
    "src/a.ts",
    'const key = { scopes: ["read", "write"] };',
    'const key = { scopes: ["read"] };',
  ),
};

test.for(Object.entries(weaker))("told: %s", ([, [before, after, expected]]) => {
  expect(told(before, after)).toEqual(expected);
  // The way back makes nothing weaker.
  expect(told(after, before)).toEqual([]);
});

test.for(Object.entries(honest))("not told: %s", ([, [before, after]]) => {
  expect(told(before, after)).toEqual([]);
});
