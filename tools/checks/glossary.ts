/**
 * The glossary against the names of the engine's doors: each word in the name of a type or class is a term of the
 * glossary, or an everyday word. Whether a term is used for what it means, nothing but a reader can tell.
 */

import ts from "typescript";

export interface Glossary {
  /** Single words of its terms, in lower case and the singular. */
  readonly terms: ReadonlySet<string>;
  /** Words that are not to be used, by what took their place. */
  readonly former: ReadonlyMap<string, string>;
}

/** A name that a door exports, and the file of the door. */
export interface DoorName {
  readonly name: string;
  readonly file: string;
}

/** Words of programs in general, of HTTP and of SQL, and no nouns for what the engine does. None that no name has. */
export const everydayWords: readonly string[] = `
  after all background bad begin brain catch change clock code config conflict context database
  decided declared definition delivered environment error expected forbidden found given hooks issue kind large
  last lines log logger lost many media migrate next no not observe observed opened options overloaded part parts
  redis reply report request requested requests result row run scheduled schema services set
  setting settings sink source sql start state step test time timeout too transaction tx unauthorized
  unexpected unknown unsupported upstream validation
`
  .trim()
  .split(/\s+/);

/** The first column of its tables and what is bold elsewhere are terms; words in italics behind them are former ones. */
export function readGlossary(markdown: string): Glossary {
  const terms = new Set<string>();
  const former = new Map<string, string>();
  for (const line of markdown.split("\n")) {
    if (!line.startsWith("|")) {
      for (const [, term = ""] of line.matchAll(/\*\*([^*]+)\*\*/g))
        for (const word of plainWords(term)) terms.add(singular(word));
      continue;
    }
    const [term = "", , , old = ""] = line.slice(1).split("|");
    for (const word of plainWords(term)) terms.add(singular(word));
    for (const [, text = ""] of old.matchAll(/\*([^*]+)\*/g)) former.set(text.toLowerCase(), term.trim());
  }
  return { terms, former };
}

/** Types, interfaces and classes that a file exports: what begins with a capital letter. */
export function exportedNames(file: string, text: string): DoorName[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const names = source.statements.flatMap((statement) => {
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause;
      if (clause === undefined || !ts.isNamedExports(clause)) {
        throw new Error(`${file} exports with a *, whose names are not seen. Name what it exports.`);
      }
      return clause.elements.map(({ name }) => name.text);
    }
    const declares =
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      ts.isClassDeclaration(statement);
    const isExported =
      declares && statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    return isExported && statement.name !== undefined ? [statement.name.text] : [];
  });
  return names.filter((name) => /^[A-Z]/.test(name)).map((name) => ({ name, file }));
}

/** One line for each word that neither the glossary nor the list has, and for each of the list that stands there for nothing. */
export function glossaryFaults(
  names: readonly DoorName[],
  { terms, former }: Glossary,
  everyday: readonly string[],
): string[] {
  const listed = new Set(everyday);
  const used = new Set<string>();
  const unknown = new Map<string, DoorName[]>();
  for (const door of names) {
    for (const word of wordsOfName(door.name)) {
      used.add(word);
      if (!isIn(terms, word) && !listed.has(word)) unknown.set(word, [...(unknown.get(word) ?? []), door]);
    }
  }
  const idle = everyday.filter((word) => !used.has(word) || isIn(terms, word));
  return [
    ...[...unknown].map(([word, doors]) => {
      const where = doors.map(({ name, file }) => `${name} (${file})`).join(", ");
      const better = former.get(word) ?? former.get(singular(word));
      return better === undefined
        ? `"${word}" in ${where} is no term of the glossary. Use a term that is there, define this one in src/engine/GLOSSARY.md, or, if every programmer knows it, add it to everydayWords in tools/checks/glossary.ts.`
        : `"${word}" in ${where} is a former word. The glossary says "${better}".`;
    }),
    ...idle.map((word) =>
      isIn(terms, word)
        ? `"${word}" is a term of the glossary. Take it out of everydayWords in tools/checks/glossary.ts.`
        : `No name has the word "${word}" any more. Take it out of everydayWords in tools/checks/glossary.ts.`,
    ),
  ];
}

/** `SqlMigrationSet`: sql, migration, set. */
function wordsOfName(name: string): string[] {
  return (name.match(/[A-Z]+(?![a-z])|[A-Z][a-z]*|[a-z]+/g) ?? []).map((word) => word.toLowerCase());
}

function plainWords(text: string): string[] {
  return text.toLowerCase().match(/[a-z]+/g) ?? [];
}

/** Also in the plural, and of a verb its participle: `PublishedEvent` has the term "to publish". */
function isIn(terms: ReadonlySet<string>, word: string): boolean {
  return [word, singular(word), word.replace(/ed$/, ""), word.replace(/d$/, "")].some((form) =>
    terms.has(form),
  );
}

function singular(word: string): string {
  if (word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  return word.endsWith("s") && !word.endsWith("ss") ? word.slice(0, -1) : word;
}
