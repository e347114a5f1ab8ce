/** The past tense of the verb by which a function is named, for the action of an event. */

const irregular: Readonly<Record<string, string>> = {
  begin: "started",
  build: "built",
  buy: "bought",
  choose: "chosen",
  do: "completed",
  find: "found",
  finish: "completed",
  get: "",
  give: "given",
  grant: "granted",
  hold: "held",
  make: "created",
  new: "created",
  add: "added",
  pay: "paid",
  read: "",
  run: "completed",
  save: "saved",
  sell: "sold",
  send: "sent",
  set: "updated",
  split: "split",
  take: "taken",
  withdraw: "withdrawn",
  write: "written",
  insert: "created",
  upsert: "updated",
  store: "saved",
  remove: "deleted",
  enroll: "enrolled",
  cancel: "cancelled",
  edit: "updated",
  modify: "updated",
  change: "updated",
};

/** Their last consonant is doubled. */
const doubled = new Set([
  "submit",
  "drop",
  "stop",
  "plan",
  "ship",
  "commit",
  "refer",
  "transfer",
  "skip",
  "tag",
  "ban",
]);

/** Words of a name: `createCourse`, `create_course`. Lower case. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "" && word !== "async");
}

/** `created` of `create`; null: the word only reads, or is no verb that changes anything. */
export function pastOf(verb: string): string | null {
  const known = irregular[verb];
  if (known !== undefined) return known === "" ? null : known;
  if (verb.endsWith("ed")) return verb;
  if (doubled.has(verb)) return `${verb}${verb.at(-1)}ed`;
  if (verb.endsWith("e")) return `${verb}d`;
  if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ied`;
  return `${verb}ed`;
}

/** `courses` → `course`. Names only, no grammar: `status` and `address` stay. */
export function singular(word: string): string {
  if (/ies$/.test(word) && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(?:ss|us|is|os)$/.test(word) || word.length < 4) return word;
  if (/(?:ch|sh|x|ss)es$/.test(word)) return word.slice(0, -2);
  return word.endsWith("s") ? word.slice(0, -1) : word;
}
