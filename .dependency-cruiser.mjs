/*
 * Who may import whom. Imports run one way:
 *
 *   schemas ← engine ← http/kit ← {http, modules, console} ← product ← {config, composition} ← {workers, cli}
 *
 * and inside the engine
 *
 *   core ← {stream, db} ← publish ← relay ← consume ← module ← {archive.ts, invocation.ts} ← traces ← settings.ts ← alerts ←
 *   operations ← events ← retention ← dispatch ← prepare-invocations.ts ← engine.ts ← testing
 *
 * Tests and tools may import everything; nothing that is deployed may import them.
 */

const tests = "\\.test\\.ts$";

/** What each part of `src` may import of the rest of `src`, beside itself. */
const engineLayers = [
  ["core"],
  ["stream", "db"],
  ["publish"],
  ["relay"],
  ["consume"],
  ["module"],
  ["archive.ts", "invocation.ts"],
  ["traces"],
  ["settings.ts"],
  ["alerts"],
  ["operations"],
  ["events"],
  ["retention"],
  ["dispatch"],
  ["prepare-invocations.ts"],
  ["engine.ts"],
  ["testing"],
];

const inEngine = (names) => names.map((name) => `engine/${name}`);

const layers = {
  ...Object.fromEntries(
    engineLayers.flatMap((names, level) =>
      names.map((name) => [`engine/${name}`, inEngine(engineLayers.slice(0, level).flat())]),
    ),
  ),
  "engine/invocation.ts": inEngine(["core", "stream", "db", "publish", "relay", "consume", "archive.ts"]),
  // Nobody in the engine needs it: its SQL stays out of what is deployed.
  "engine/migrations": ["engine/core", "engine/db"],
  // Makes its database by the engine's own migrations.
  "engine/testing": inEngine([...engineLayers.flat().filter((name) => name !== "testing"), "migrations"]),
  pages: ["engine/core"],
  // A client of the HTTP API, as any program outside.
  demo: [],
  // The charter's rules as a tool: it reads projects, this one and others, and runs none of their code.
  governance: [],
  "http/kit": ["engine"],
  http: ["engine"],
  modules: ["engine", "pages", "http/kit"],
  // A client of the API: it reads and changes by its routes.
  console: ["engine", "http/kit"],
};

const placeOf = (name) => (name.endsWith(".ts") ? `^src/${name.replace(".", "\\.")}$` : `^src/${name}/`);

const layerRules = Object.entries(layers).map(([layer, allowed]) => ({
  name: `layer-${layer}`,
  severity: "error",
  comment: `src/${layer} may import ${allowed.length === 0 ? "nothing else of src" : allowed.join(", ")} and schemas.`,
  from: { path: placeOf(layer), pathNot: tests },
  to: { path: "^(src|workers)/", pathNot: [layer, ...allowed].map(placeOf) },
}));

/** A package that only some files may know; type imports count. */
function onlyIn(name, packages, places) {
  return {
    name: `only-there-${name}`,
    severity: "error",
    comment: `${name} may be imported only in ${places.map((place) => place.replace(/[\\^$]/g, "")).join(", ")}.`,
    from: { path: "^(src|workers|schemas)/", pathNot: [...places, tests] },
    to: { path: packages },
  };
}

const npm = (name) => `(^|/)node_modules/${name}/`;

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    {
      name: "core-is-pure",
      severity: "error",
      comment: "src/engine/core decides and knows no driver and no framework: only schemas and zod.",
      from: { path: "^src/engine/core/", pathNot: tests },
      to: { pathNot: ["^src/engine/core/", "^schemas/", npm("zod")] },
    },
    {
      name: "schemas-stand-alone",
      severity: "error",
      comment: "The charter is usable alone: zod and nothing else; its fixtures may use fast-check.",
      from: { path: "^schemas/", pathNot: [tests, "^schemas/fixtures/"] },
      to: { pathNot: ["^schemas/(?!fixtures/)", npm("zod")] },
    },
    {
      name: "fixtures-stand-alone",
      severity: "error",
      comment: "Fixtures of the charter use the charter, zod and fast-check.",
      from: { path: "^schemas/fixtures/" },
      to: { pathNot: ["^schemas/", npm("zod"), npm("fast-check")] },
    },
    {
      name: "schemas-has-doors",
      severity: "error",
      comment:
        'Import "@brain/schemas", an event from "@brain/schemas/events/…", "@brain/schemas/charter", or "@brain/schemas/documents"; its other files are its own business, but for the released payloads, which are examples.',
      from: { path: "^(src|workers)/", pathNot: tests },
      to: {
        path: "^schemas/",
        pathNot:
          "^schemas/(index\\.ts|charter\\.ts|documents\\.ts|events/[^/]+\\.ts|fixtures/released\\.json)$",
      },
    },
    {
      name: "engine-knows-no-event",
      severity: "error",
      comment: "The engine gets its events as a catalog; none of them is its own.",
      from: { path: "^src/engine/", pathNot: tests },
      to: { path: "^schemas/", pathNot: "^schemas/index\\.ts$" },
    },
    {
      name: "engine-has-three-doors",
      severity: "error",
      comment:
        'Import "@brain/engine", "@brain/engine/migrations", or in tests "@brain/engine/testing"; its files are its own business.',
      from: { path: "^(src/(?!engine/)|workers/)", pathNot: tests },
      to: { path: "^src/engine/", pathNot: "^src/engine/(index|testing|migrations/index)\\.ts$" },
    },
    {
      name: "testing-is-for-tests",
      severity: "error",
      comment: "Nothing that is deployed imports the door for tests, or what stands behind it.",
      from: { path: "^(src|workers|schemas)/", pathNot: ["^src/engine/testing", tests] },
      to: { path: "^src/engine/testing" },
    },
    {
      name: "engine-knows-no-product",
      severity: "error",
      comment: "The engine serves any product: it imports the charter and nothing else of this project.",
      from: { path: "^src/engine/", pathNot: tests },
      to: { path: "^(src/(?!engine/)|workers/)" },
    },
    {
      name: "modules-do-not-know-each-other",
      severity: "error",
      comment: "A module talks to another by events of the catalog, and imports only its own folder.",
      from: { path: "^src/modules/([^/]+)/", pathNot: tests },
      to: {
        path: "^src/modules/",
        pathNot: ["^src/modules/$1/", "^src/modules/[^/]+\\.ts$", "^src/modules/ports/"],
      },
    },
    {
      name: "handlers-call-outside-by-their-context",
      severity: "error",
      comment:
        "A handler that is tried out must be refused the outside: it calls fetch of its context, and what it imports takes that as an argument.",
      from: { path: "^src/modules/.+/(consumer|notifications)\\.ts$" },
      to: { path: "^src/modules/call-outside\\.ts$", reachable: true },
    },
    {
      name: "modules-have-one-door",
      severity: "error",
      comment:
        "From outside a module is reached through its index.ts; the files of the tasks are read by programs without the module.",
      from: { path: "^(src/(?!modules/)|src/modules/[^/]+$|workers/)", pathNot: tests },
      to: {
        path: "^src/modules/[^/]+/",
        pathNot: ["^src/modules/[^/]+/index\\.ts$", "^src/modules/tasks/files\\.ts$", "^src/modules/ports/"],
      },
    },
    {
      name: "config-and-composition-are-on-top",
      severity: "error",
      comment: "Settings are handed down as arguments; only the composition root and the workers import it.",
      from: { path: "^src/[^/]+/", pathNot: [tests, "^src/cli/"] },
      to: { path: "^src/[^/]+\\.ts$" },
    },
    onlyIn(
      "hono",
      [npm("hono"), npm("@hono/[^/]+")],
      [
        "^src/http/",
        "^src/pages/",
        "^src/console/",
        "^src/modules/[^/]+/(routes|page[^/]*)\\.tsx?$",
        "^src/modules/[^/]+/[^/]+/routes\\.tsx?$",
        "^src/http-composition\\.ts$",
        "^workers/",
      ],
    ),
    onlyIn("@upstash/redis", [npm("@upstash/redis")], ["^src/engine/stream/"]),
    onlyIn("@neondatabase/serverless", [npm("@neondatabase/serverless")], ["^src/engine/db/"]),
    {
      name: "no-sql-in-stream",
      severity: "error",
      comment: "Redis is all that src/engine/stream knows.",
      from: { path: "^src/engine/stream/", pathNot: tests },
      to: { path: npm("drizzle-orm") },
    },
    {
      name: "web-standards-only",
      severity: "error",
      comment:
        "What runs on Workers and Deno uses web standards. Node's modules are for the command line and for local use.",
      from: {
        path: "^(schemas|src|workers)/",
        pathNot: [tests, "^src/(cli|governance)/", "^workers/local/"],
      },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "deployed-code-knows-no-tests-and-tools",
      severity: "error",
      comment:
        "Tests, tools and the local services stay on this machine, where `charter services` starts them for whoever builds on the packages.",
      from: {
        path: "^(schemas|src|workers)/",
        pathNot: [tests, "^workers/local/", "^src/cli/commands/local/services\\.ts$"],
      },
      to: { path: ["^(test|tools)/", "^workers/local/", tests] },
    },
    {
      name: "local-services-know-no-tests",
      severity: "error",
      comment: "npm start works without the tests.",
      from: { path: "^workers/local/", pathNot: tests },
      to: { path: ["^test/", tests] },
    },
    {
      name: "no-dev-dependency-in-deployed-code",
      severity: "error",
      comment: "What is deployed needs packages from `dependencies`.",
      from: { path: "^(schemas|src|workers)/", pathNot: [tests, "^workers/local/", "^schemas/fixtures/"] },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["npm", "type-only"] },
    },
    {
      name: "no-cycles",
      severity: "error",
      comment: "Two files that need each other are one file, or a third is missing.",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphans",
      severity: "error",
      comment: "A file that nobody imports and that imports nothing is a leftover.",
      from: { orphan: true, path: "^(src|schemas|workers)/" },
      to: {},
    },
    {
      name: "resolvable",
      severity: "error",
      comment: "The import leads nowhere, or to a package that package.json does not name.",
      from: {},
      to: { couldNotResolve: true, pathNot: "^cloudflare:" },
    },
    {
      name: "named-in-package-json",
      severity: "error",
      comment: "Add the package to package.json with an exact version.",
      from: {},
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "undetermined"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    // What `npm run build` makes of the sources; what is measured beside us, with packages of its own.
    exclude: { path: "^((schemas|src/(engine|http))/dist|test/bench/peers)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types", "default"],
      extensions: [".ts", ".mjs", ".js", ".json"],
    },
  },
};
