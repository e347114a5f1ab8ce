/** What a tenant may be called: two that look the same wherever people read them would be two tenants. */

const unseen = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
const oddSpace = /[^\S ]| {2}/;

/** Scripts that have letters which look like Latin ones; no word has letters of two. */
const alike = ["Latin", "Cyrillic", "Greek", "Armenian", "Cherokee", "Coptic", "Lisu"].map(
  (script) => new RegExp(`\\p{Script=${script}}`, "u"),
);

const isMixed = (word: string) => alike.filter((script) => script.test(word)).length > 1;

/**
 * A name of nothing but letters that look like Latin ones (`асе`) is refused, as browsers do it with names of hosts. With any
 * other letter it tells its script, and is right where people write so: `ООО Ромашка`, `ООО Acme`.
 */
const looksLatin = [/^[асԁеһіјӏорԛѕԝхуАВЕКМНОРСТУХЅІЈԚԜԌҮӀ]+$/u, /^[ικνορυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ]+$/u];

/** What was expected of a tenant's name; null: nothing else. */
export function expectedOfTenant(name: string): string | null {
  if (unseen.test(name)) return "a tenant without invisible characters";
  const plain = name.normalize("NFKC");
  // A space of another width is one of those that have a plain form.
  if (plain !== name) return `a tenant in its plain form (NFKC), "${plain}"`;
  if (oddSpace.test(name)) return "a tenant with single spaces";
  const mixed = name.match(/[\p{L}\p{M}]+/gu)?.find(isMixed);
  if (mixed !== undefined)
    return `a tenant whose words are of one script each; "${mixed}" has letters of two`;
  const letters = name.match(/\p{L}/gu)?.join("") ?? "";
  return looksLatin.some((only) => only.test(letters))
    ? "a tenant that tells its script: all of its letters look like Latin ones"
    : null;
}
