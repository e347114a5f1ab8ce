import type { PageView, Visit } from "../page.ts";
import { settingsWords } from "../words/settings.ts";
import { Copy } from "./text.tsx";

/** What a key's route answers when it makes a secret. */
export interface MadeSecret {
  readonly id: string;
  /** Of a key that is sent as it is. */
  readonly key?: string;
  /** Of a key that signs. */
  readonly secret?: string;
}

/** The page that shows a secret, this one time. */
export function secretPage(visit: Visit, made: MadeSecret): PageView {
  const w = visit.words(settingsWords);
  return {
    title: w.newSecret,
    trail: [{ href: visit.href("/settings/keys"), text: w.keys }],
    main: (
      <>
        <h1>{w.newSecret}</h1>
        <p class="message warn">{w.newSecretWhy}</p>
        <Copy visit={visit} text={made.key ?? made.secret ?? ""} />
        <p>
          <a href={visit.href(`/settings/keys/${made.id}`)}>{w.toKey}</a>
        </p>
      </>
    ),
  };
}
