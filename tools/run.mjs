// Runs a TypeScript file or an installed program on the Node version that the project pins, whatever Node the machine
// has (18 or newer), and installs the packages first when they are missing or not those of package-lock.json.
//
//   node tools/run.mjs workers/local/main.ts --services
//   node tools/run.mjs vitest run

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const bin = join(modules, ".bin");
const stamp = join(modules, ".brain-lock-hash");
const windows = process.platform === "win32";

/** Ctrl-C reaches us from the terminal and again from npm. */
const SAME_SIGNAL_MS = 500;

function lockHash() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

/** The packages of a lock file by folder. Optional ones may be missing: they are for other platforms. */
function readPackages(file) {
  const entries = Object.entries(JSON.parse(readFileSync(file, "utf8")).packages);
  return new Map(entries.filter(([folder]) => folder.startsWith("node_modules/")));
}

/** Whether npm's own note of what it installed agrees with package-lock.json; for whoever ran npm by hand. */
function matchesLockFile() {
  const note = join(modules, ".package-lock.json");
  if (!existsSync(note)) return false;
  const installed = readPackages(note);
  for (const [folder, { version, optional }] of readPackages(join(root, "package-lock.json"))) {
    const found = installed.get(folder);
    if (found ? found.version !== version : !optional) return false;
  }
  return true;
}

function isInstalled(hash) {
  if (!existsSync(join(bin, windows ? "node.cmd" : "node"))) return false;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return true;
  if (!matchesLockFile()) return false;
  remember(hash);
  return true;
}

/** Saves the comparison next time. In a folder that somebody else installed it is made each time. */
function remember(hash) {
  try {
    writeFileSync(stamp, hash);
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS"].includes(error.code)) throw error;
  }
}

/** Gives the exit code of a program that shares our terminal, with what a shell would give for a signal. */
function finished(child) {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? 128 + (constants.signals[signal ?? "SIGKILL"] ?? 9)));
  });
}

/**
 * Options of the npm that runs us are in the environment of its scripts. Some say what it does to one package, as
 * `npm pack --workspace=… --dry-run`: with those `npm ci` would install a part of the packages, or none.
 */
function environmentOfInstall() {
  const foreign =
    /^npm_config_(workspaces?|include_workspace_root|dry_run|pack_destination|json|prefix|omit|include)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

async function install(hash) {
  console.error("installing packages (npm ci)");
  // Output of npm goes to standard error: standard output belongs to the program that runs afterwards.
  const child = spawn("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: windows,
    env: environmentOfInstall(),
  });
  const code = await finished(child);
  if (code !== 0) {
    console.error(
      `npm ci failed with exit code ${code}. Its last lines say why; without a network there is no install.`,
    );
    process.exit(code);
  }
  remember(hash);
}

/**
 * The Node outside of this project. Scripts of npm run on the one that we bring, for npm puts our programs first; which
 * one npm itself runs on it tells all its scripts.
 */
function outerNode() {
  const told = /(?:^| )node\/v(\d+\.\d+\.\d+)/.exec(process.env.npm_config_user_agent ?? "");
  return told?.[1] ?? process.versions.node;
}

/** A start takes a third of the time with it. */
const preloaded = ["--import", new URL("kept-resolution.ts", import.meta.url).href];

function resolveProgram(name) {
  const node = join(bin, windows ? "node.cmd" : "node");
  if (/\.[cm]?[jt]s$/.test(name)) return { command: node, args: [...preloaded, name], isServer: !windows };
  const program = join(bin, windows ? `${name}.cmd` : name);
  if (existsSync(program)) return { command: program, args: [], isServer: false };
  console.error(`${name} is neither a .ts, .js or .mjs file nor a program in node_modules/.bin`);
  process.exit(1);
}

const [name, ...rest] = process.argv.slice(2);
if (name === undefined) {
  console.error("usage: node tools/run.mjs <file.ts | program> [arguments]");
  process.exit(1);
}

const hash = lockHash();
if (!isInstalled(hash)) await install(hash);

/**
 * Where Node keeps what V8 compiled: half of a start is compiling the same packages again. `npm ci` empties it; a folder
 * that cannot be written is passed over by Node. https://nodejs.org/api/module.html#module-compile-cache
 */
const compileCache = process.env.NODE_COMPILE_CACHE ?? join(modules, ".cache", "node");

const { command, args, isServer } = resolveProgram(name);
const child = spawn(command, [...args, ...rest], {
  // A file of ours gets its own process group: the terminal's Ctrl-C then comes through us, once, and it stops what
  // it started in order. The channel tells it when we are gone.
  detached: isServer,
  stdio: isServer ? ["inherit", "inherit", "inherit", "ipc"] : "inherit",
  shell: windows,
  // What runs is the Node of here; what `charter new app` writes will run on the one outside.
  env: {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env.PATH ?? ""}`,
    CHARTER_OUTER_NODE: outerNode(),
    NODE_COMPILE_CACHE: compileCache,
  },
});

let lastSignalAt = -SAME_SIGNAL_MS;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    const now = Date.now();
    const repeated = now - lastSignalAt < SAME_SIGNAL_MS;
    lastSignalAt = now;
    // A program in our own group has got the terminal's signal itself; npm's copy would be a second one.
    if (!repeated && (isServer || signal !== "SIGINT" || !process.stdin.isTTY)) {
      child.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
    }
  });
}

// The scripts begin with `exec`, so npm's signals reach us: a shell between it and us would keep SIGINT until we end.
// When npm started us and that parent is gone, nobody is left who could stop us.
const parent = process.ppid;
if (process.env.npm_lifecycle_event !== undefined && !windows) {
  setInterval(() => {
    if (process.ppid !== parent) child.kill("SIGTERM");
  }, 500).unref();
}

process.exit(await finished(child));
