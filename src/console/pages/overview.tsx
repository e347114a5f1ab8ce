import type { PageModule } from "../page.ts";
import { shellWords } from "../words/shell.ts";

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(shellWords);
    return { title: w.overview, main: <h1>{w.overview}</h1> };
  },
};
