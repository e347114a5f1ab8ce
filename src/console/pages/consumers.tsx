import type { Overview } from "../../http/kit/answers/overview.ts";
import type { PageModule } from "../page.ts";
import { ConsumerTable } from "../parts/consumer-table.tsx";
import { WindowSwitch, windowOf } from "../parts/over-time.tsx";
import { Empty } from "../parts/text.tsx";
import { consumerWords } from "../words/consumers.ts";

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(consumerWords);
    const { consumers } = await visit.api.get<Overview>("/api/overview", { window: windowOf(visit) });
    return {
      title: w.title,
      main: (
        <>
          <div class="head">
            <h1>{w.title}</h1>
            <WindowSwitch visit={visit} />
          </div>
          <p class="quiet">
            {w.lead} {w.lagWhy}
          </p>
          {consumers === null ? (
            <Empty>{visit.isForAllTenants ? w.notKnown : w.onlyAll}</Empty>
          ) : (
            <div id="consumers" data-refresh="20">
              <ConsumerTable visit={visit} consumers={consumers} />
            </div>
          )}
        </>
      ),
    };
  },
};
