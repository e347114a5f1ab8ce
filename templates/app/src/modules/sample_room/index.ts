import { defineModule } from "@brain/engine";
import { sampleRoomPaperSlipNewlyAdded } from "../../events/sample-room.ts";
import type { Mount } from "../../mount.ts";
import { sampleRoomConsumer } from "./consumer.ts";
import { sampleRoomRoutes } from "./routes.ts";
import * as tables from "./tables.ts";

/** TEMPLATE_PURPOSE */
export const sampleRoom = defineModule({
  name: "sample_room",
  events: [sampleRoomPaperSlipNewlyAdded],
  tables: [tables],
  consumers: () => [sampleRoomConsumer],
  routes: (): readonly Mount[] => [{ path: "/api/sample-room", open: sampleRoomRoutes }],
});
