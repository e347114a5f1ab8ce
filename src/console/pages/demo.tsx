import type { PageModule } from "../page.ts";
import { DemoWorld, readDemo } from "../parts/demo-world.tsx";
import { Empty } from "../parts/text.tsx";
import { demoWords } from "../words/demo.ts";

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(demoWords);
    const demo = await readDemo(visit);
    return {
      title: w.title,
      main: (
        <>
          <h1>{w.title}</h1>
          {demo === null ? <Empty>{w.none}</Empty> : <DemoWorld visit={visit} demo={demo} />}
        </>
      ),
    };
  },
  actions: {
    async begin(visit, form) {
      const { requestId } = await visit.api.change("/api/demo", {
        body: {},
        idempotencyKey: form.idempotencyKey,
      });
      return { goTo: visit.href("/demo"), told: visit.words(demoWords).told, requestId };
    },
  },
};
