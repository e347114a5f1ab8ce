import type { DemoProgress } from "../../http/kit/product-answers.ts";
import type { Visit } from "../page.ts";
import { demoWords } from "../words/demo.ts";
import { ActionForm } from "./form.tsx";

/** How far the demo world is; null where none is offered, or not to this caller. Costs no round trip to a store. */
export function readDemo(visit: Visit): Promise<DemoProgress | null> | null {
  if (!visit.isForAllTenants || !visit.can("admin")) return null;
  return visit.api.find<DemoProgress>("/api/demo");
}

/** Offers the demo world on an empty system, and says how far it is. @param demo as `readDemo` found it */
export function DemoWorld({ visit, demo }: { readonly visit: Visit; readonly demo: DemoProgress }) {
  const w = visit.words(demoWords);
  const isRunning = demo.status === "running";
  return (
    <section class="card" id="demo" data-refresh={isRunning ? "1" : undefined}>
      <h2>{w.title}</h2>
      {demo.status === "none" ? <p>{w.offer}</p> : null}
      {isRunning ? <Progress visit={visit} demo={demo} /> : null}
      {demo.status === "completed" ? (
        <p>
          {w.completed} <a href={visit.href("/")}>{w.look}</a>
        </p>
      ) : null}
      {demo.status === "failed" ? <p class="message bad">{w.failed(demo.error ?? "")}</p> : null}
      {demo.status === "none" || demo.status === "failed" ? (
        <ActionForm
          visit={visit}
          action="begin"
          to={visit.href("/demo")}
          button={demo.status === "none" ? w.begin : w.again}
        />
      ) : null}
    </section>
  );
}

function Progress({ visit, demo }: { readonly visit: Visit; readonly demo: DemoProgress }) {
  const w = visit.words(demoWords);
  const text = w.progress(visit.format.number(demo.done), visit.format.number(demo.total));
  return (
    <>
      <p>{w.running(demo.step ?? w.starting)}</p>
      <progress value={demo.done} max={Math.max(1, demo.total)} aria-label={text} />
      <p class="quiet">{text}</p>
    </>
  );
}
