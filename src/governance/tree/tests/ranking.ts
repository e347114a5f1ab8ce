/** Which files of tests to read first: parsing all of a large project to find one test takes too long. */

import { posix } from "node:path";
import { rememberEach } from "../remember-each.ts";

/** What is looked for. */
export interface Sought {
  /** Of the module: files that are named so come first. */
  readonly name: string;
  /** One of them stands in each test that is about it. */
  readonly words: readonly string[];
  /** When no test that says one of the words shows it: another may be about it all the same. */
  readonly otherwise: readonly string[];
}

/** What is seen of a file of tests before it is parsed. */
interface Glance {
  /** Its text, and those of tests that it imports from, because names may stand there. */
  readonly texts: readonly string[];
  readonly actsItself: boolean;
}

const assertWords = /expect|assert/;
const actWords = /drain|settle|cron|redeliver|runHandler|expectEvent|source_module|XADD|SETID|\/api\/replays/;
const ownActWords = /drain|redeliver|SETID|XADD|settle/;

/** Without these words no test of the file can assert anything, in whatever framework. */
export const mayAssert = (text: string): boolean => assertWords.test(text);

/**
 * @param paths of tests
 * @returns files that may show what is sought, those first that speak of it most. That a test says the words proves
 *   nothing, so behind those that say `words` come those that say `otherwise`.
 */
export function rankTests(
  paths: ReadonlySet<string>,
  textOf: (path: string) => string,
): (sought: Sought) => Iterable<string> {
  const rankings = new Map<string, readonly string[]>();

  /** Null: it cannot show anything of anybody. */
  const glanceAt = rememberEach((path: string): Glance | null => {
    const text = textOf(path);
    const texts = textsOf(path, text);
    return mayAssert(text) && texts.some((one) => actWords.test(one))
      ? { texts, actsItself: ownActWords.test(text) }
      : null;
  });

  function textsOf(path: string, text: string): readonly string[] {
    const imported = [...text.matchAll(/from "(\.[^"]+)"/g)]
      .map(([, specifier = ""]) => posix.join(posix.dirname(path), specifier))
      .filter((target) => paths.has(target));
    return [text, ...imported.map(textOf)];
  }

  /** 0: it cannot show anything of it. */
  function rankOf(path: string, name: string, words: readonly string[]): number {
    const glance = glanceAt(path);
    if (glance === null) return 0;
    const spoken = words.filter((word) => glance.texts.some((text) => text.includes(word))).length;
    if (spoken === 0) return 0;
    const isNamed = posix.basename(path).replaceAll("-", "_").includes(name);
    return spoken + (isNamed ? 100 : 0) + (glance.actsItself ? 10 : 0);
  }

  /** Kept, because the same is sought four times: once for each thing that a test can show of a consumer. */
  function ranked(name: string, words: readonly string[]): readonly string[] {
    const key = JSON.stringify([name, words]);
    const known = rankings.get(key);
    if (known !== undefined) return known;
    const found = [...paths]
      .map((path) => ({ path, rank: rankOf(path, name, words) }))
      .filter(({ rank }) => rank > 0)
      .sort((left, right) => right.rank - left.rank || (left.path < right.path ? -1 : 1))
      .map(({ path }) => path);
    rankings.set(key, found);
    return found;
  }

  return function* ({ name, words, otherwise }) {
    yield* ranked(name, words);
    yield* ranked(name, otherwise);
  };
}
