import type { Visit } from "../page.ts";

interface Props {
  readonly visit: Visit;
  /** `*`: every consumer, which has no page; e.g. of an entry that nobody can read. */
  readonly subscriber: string;
}

/** The name of a consumer, leading to its page. */
export function ConsumerLink({ visit, subscriber }: Props) {
  if (subscriber === "*") return <code>*</code>;
  return <a href={visit.href(`/consumers/${encodeURIComponent(subscriber)}`)}>{subscriber}</a>;
}
