import { made, type TenantTable } from "./table.ts";

export const sampleRoomTable: TenantTable = {
  module: "sample_room",
  prefix: "/api/sample-room",
  setUp: async (as) => {
    const { paper_slip_id } = await made(as("POST", "/api/sample-room/paper-slips", { quantity: 3 }));
    return { paperSlip: paper_slip_id };
  },
  nowhere: { paperSlip: "00000000-0000-4000-8000-000000000000" },
  cases: [
    {
      route: "POST /paper-slips",
      call: () => ({ path: "/paper-slips", body: { quantity: 3 } }),
      foreign: "own",
      status: 201,
      naming: (tenant_id) => ({ path: "/paper-slips", body: { quantity: 3, tenant_id } }),
    },
    {
      route: "GET /paper-slips/:paper_slip_id",
      call: ({ paperSlip }) => ({ path: `/paper-slips/${paperSlip}` }),
      foreign: "not_found",
      shows: ["paperSlip"],
    },
  ],
};
