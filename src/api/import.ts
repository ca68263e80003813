import { importStartInput, importStatusInput, importUndoInput } from "../contract/import.ts";
import { startImport } from "../domain/imports/start.ts";
import { importStatus } from "../domain/imports/status.ts";
import { undoImports } from "../domain/machines/undoImport.ts";
import { forAdmin, router } from "./trpc.ts";

/** Testers who come with a machine that was made elsewhere. */
export const importRouter = router({
  start: forAdmin
    .input(importStartInput)
    .mutation(({ ctx, input: { records, plan } }) =>
      startImport(ctx.connection.db, { records, plan, actor: ctx.actor, keys: ctx.secretKeys }),
    ),
  status: forAdmin
    .input(importStatusInput)
    .query(({ ctx, input }) => importStatus(ctx.connection.db, input.ids)),
  undo: forAdmin
    .input(importUndoInput)
    .mutation(({ ctx, input }) => undoImports(ctx.connection.db, input.records, input.plan, ctx.actor)),
});
