/** A project of its own on the packages: what `charter new app` and `npm create @brain/app` write. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { type DocumentLanguage, inLanguage } from "../documents.ts";
import { ScaffoldError } from "../errors.ts";
import { checkEvent, checkName, domainsOf, kebab } from "../names.ts";
import { fillIn, listTemplates, readTemplate, type Values } from "../templates.ts";
import { newFile, type Plan, type PlannedFile } from "../write/plan.ts";
import { checkSentence, purposeOf } from "./purpose.ts";

export interface NewApp {
  /** Of the project; made if it is not there. */
  readonly folder: string;
  /** Its first module. */
  readonly module: string;
  readonly event: string;
  readonly purpose: string | null;
  readonly owner: string;
  readonly language: DocumentLanguage;
  readonly date: string;
  /** A folder with tarballs of our packages, where they are not to come from the registry; null: they are. */
  readonly packages: string | null;
  /** Version of the Node that is here: `process.versions.node`. */
  readonly node: string;
}

/** A path as a shell takes it for one word. */
const typedInShell = (path: string) =>
  /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

/** What has to be done before anything of a new project runs; null: nothing, this Node is new enough. */
export function olderNode(node: string): string | null {
  const { engines } = JSON.parse(readTemplate("app/package.json")) as { engines: { node: string } };
  const needed = engines.node.replace(/^>=/, "");
  const [[major = 0, minor = 0], [wantedMajor = 0, wantedMinor = 0]] = [node, needed].map((version) =>
    version.split(".").map(Number),
  ) as [number[], number[]];
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return null;
  return `The project needs Node ${needed} or newer, and this is ${node}: install a newer one first.`;
}

const appName = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** @throws {ScaffoldError} the folder's name is none for a package, or something stands in it */
function checkFolder(folder: string): string {
  const name = basename(resolve(folder));
  if (!appName.test(name) || name.length > 60) {
    throw new ScaffoldError(
      `the folder ${JSON.stringify(name.slice(0, 100))}, after which the project is called`,
      "a to z, 0 to 9 and single -, at most 60 characters",
      "Take another folder, e.g. my-shop.",
    );
  }
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new ScaffoldError(
      `${folder}, which is a file`,
      "a new folder, or an empty one",
      "Take another one.",
    );
  }
  const present = existsSync(folder) ? readdirSync(folder).filter((entry) => entry !== ".git") : [];
  if (present.length > 0) {
    throw new ScaffoldError(
      `the folder ${folder}, in which ${present.slice(0, 3).join(", ")} stands`,
      "a new folder, or an empty one: nothing is ever written over",
      "Take another one. In a project, charter new module writes the next part.",
    );
  }
  return name;
}

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}

/** Our packages from tarballs. @throws {ScaffoldError} one of them is not there, or several are */
function withTarballs(text: string, folder: string, packages: string): string {
  const manifest = JSON.parse(text) as Manifest;
  const found = existsSync(packages) ? readdirSync(packages) : [];
  for (const group of [manifest.dependencies, manifest.devDependencies]) {
    for (const name of Object.keys(group).filter((one) => one.startsWith("@brain/"))) {
      const start = `${name.slice(1).replace("/", "-")}-`;
      const tarballs = found.filter((file) => file.startsWith(start) && file.endsWith(".tgz"));
      const [tarball] = tarballs;
      if (tarball === undefined || tarballs.length > 1) {
        throw new ScaffoldError(
          `${packages}, which has ${tarballs.length} tarballs ${start}….tgz`,
          "one of each of our packages",
          `Make them: npm run pack -- ${packages}, in a clone.`,
        );
      }
      group[name] = `file:${relative(resolve(folder), resolve(packages, tarball)).replaceAll("\\", "/")}`;
    }
  }
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** What is for modules and consumers that come later. */
const ofOthers = /\/totals\/|-(?:consumer|letter)\.test\.ts$/;

function fileOf(path: string, values: Values, options: NewApp): PlannedFile {
  const text = fillIn(readTemplate(`app/${path}`), values);
  // npm leaves a .gitignore out of a package, and takes it for its own list.
  if (path === "gitignore" || path === "gitattributes") return newFile(`.${path}`, text);
  const isManifest = path === "package.json" && options.packages !== null;
  const content = isManifest ? withTarballs(text, options.folder, options.packages ?? "") : text;
  return newFile(fillIn(path, values), content);
}

const registryNote =
  "npm install takes the packages @brain/… from your registry; no public one has them. From a clone they come with npm run pack -- out, and --packages out here.";

/** @throws {ScaffoldError} nothing of it can be written */
export function planApp(options: NewApp): Plan {
  const { folder, language, owner, date } = options;
  const app = checkFolder(folder);
  const name = checkName("module", options.module);
  const event = checkEvent(options.event, domainsOf(name));
  const purpose = checkSentence("purpose", options.purpose ?? purposeOf(event));
  const values = { name, event, purpose, owner: checkSentence("owner", owner), date, app };
  const documents = ["README.md", "EVENTS.md"].map((file) => {
    const text = inLanguage(readTemplate(`repository/src/modules/sample_room/${file}`), language);
    const door = `src/events/${kebab(name)}.ts`;
    return newFile(`src/modules/${name}/${file}`, fillIn(text, { ...values, door }));
  });
  const files = listTemplates("app")
    .filter((path) => !ofOthers.test(path))
    .map((path) => fileOf(path, values, options));
  const near = relative(".", folder) || ".";
  const whole = resolve(folder);
  const shown = near.length < whole.length ? near : whole;
  const older = olderNode(options.node);
  return {
    root: resolve(folder),
    files: [...files, ...documents],
    steps: [],
    notes: [
      ...(options.packages === null ? [registryNote] : []),
      ...(older === null ? [] : [older]),
      `Next: cd ${typedInShell(shown)}, then npm install, npm test, npm run check.`,
      `More: ${join(shown, "README.md")}`,
    ],
  };
}
