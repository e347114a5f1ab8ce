import type { Job } from "../../http/kit/answers/operations.ts";
import { ApiRefusal } from "../api.ts";
import type { PageModule } from "../page.ts";

/** A job of which only the id is known, as in the audit: leads to the page of its kind. */
export const page: PageModule = {
  async show(visit) {
    const id = visit.param("id");
    const [replay, redrive] = await Promise.all([
      visit.api.find<Job>(`/api/replays/${encodeURIComponent(id)}`),
      visit.api.find<Job>(`/api/dead-letters/redrives/${encodeURIComponent(id)}`),
    ]);
    if (replay === null && redrive === null) {
      const message = `There is no replay and no redrive with the id "${id.slice(0, 100)}".`;
      throw new ApiRefusal(message, { status: 404, code: "not_found" });
    }
    return { goTo: visit.href(`/jobs/${replay === null ? "redrives" : "replays"}/${id}`) };
  },
};
