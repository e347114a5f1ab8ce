import type { CatalogConsumer, CatalogEvent } from "../../http/kit/product-answers.ts";
import type { Visit } from "../page.ts";
import { catalogWords } from "../words/catalog.ts";
import { Badge, type Tone } from "./text.tsx";

/** Names of consumers; what does not fit is said. */
export function CatalogConsumers({ visit, of }: { readonly visit: Visit; readonly of: CatalogEvent }) {
  const w = visit.words(catalogWords);
  if (of.consumers.length === 0) {
    return of.is_unhandled ? <Badge tone="warn">{w.unhandled}</Badge> : <span class="quiet">–</span>;
  }
  return (
    <ul class="plain">
      {of.consumers.map((consumer) => (
        <li>
          {consumer.exists ? (
            <a href={visit.href(`/consumers/${consumer.subscriber}`)}>{consumer.subscriber}</a>
          ) : (
            <span>{consumer.subscriber}</span>
          )}
          <Fault visit={visit} consumer={consumer} />
        </li>
      ))}
    </ul>
  );
}

function Fault({ visit, consumer }: { readonly visit: Visit; readonly consumer: CatalogConsumer }) {
  const w = visit.words(catalogWords);
  const [tone, text] = faultOf(consumer, w);
  return text === null ? null : (
    <> {tone === "info" ? <span class="quiet">({text})</span> : <Badge tone={tone}>{text}</Badge>}</>
  );
}

function faultOf(
  { exists, handles, declared }: CatalogConsumer,
  w: (typeof catalogWords)["en"],
): readonly [Tone, string | null] {
  if (!exists) return ["bad", w.missing];
  if (!handles) return ["warn", w.idle];
  return declared ? ["good", null] : ["info", w.undeclared];
}
