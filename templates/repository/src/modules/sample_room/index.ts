import { defineModule } from "@brain/engine";
import { sampleRoomPaperSlipNewlyAdded } from "@brain/schemas/events/sample-room";
import type { Mount } from "../../http/kit/mount.ts";
import { sampleRoomConsumer } from "./consumer.ts";
import * as tables from "./tables.ts";

/** TEMPLATE_PURPOSE */
export const sampleRoom = defineModule({
  name: "sample_room",
  events: [sampleRoomPaperSlipNewlyAdded],
  tables: [tables],
  consumers: () => [sampleRoomConsumer],
  routes: (): Mount[] => [
    { path: "/api/sample-room", routes: async () => (await import("./routes.ts")).sampleRoomRoutes() },
  ],
});
