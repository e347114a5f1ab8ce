/**
 * What a worker reads before it serves: its main module, and all that is imported by statements from there, as against
 * `import()`. What the main module shares with a part is a module of its own.
 *
 * @param modules texts by name, `index.js` among them
 */
export function loadedAtStart(modules: Readonly<Record<string, string>>): ReadonlySet<string> {
  const loaded = new Set(["index.js"]);
  for (const name of loaded) {
    const imports = (modules[name] ?? "").matchAll(/\b(?:from|import)\s?"\.\/([\w.-]+)"/g);
    for (const [, imported = ""] of imports) if (modules[imported] !== undefined) loaded.add(imported);
  }
  return loaded;
}
