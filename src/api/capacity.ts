import { capacityInput } from "../contract/capacity.ts";
import { capacityReport } from "../domain/capacity/report.ts";
import { forAdmin, router } from "./trpc.ts";

export const capacityRouter = router({
  report: forAdmin.input(capacityInput).query(({ ctx, input }) => capacityReport(ctx.connection.db, input)),
});
