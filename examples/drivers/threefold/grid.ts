import { z } from "zod";
import { DriverError } from "../../../src/relay/driver.ts";
import { send } from "../http.ts";
import * as answers from "./answers.ts";
import type { Settings } from "./settings.ts";

/**
 * The grid, and all that this program knows of how to call it: the index of the chain by GraphQL, and everything else
 * as `POST /MODULE/METHOD` of the HTTP server of the grid's client (@threefold/grid_http_server), which has the
 * account's secret, signs, and passes calls on to the chain and by RMB to the node.
 */
export type Grid = {
  /** Contracts on this node, of all accounts, as the index has them: some blocks behind the chain. */
  indexed(signal: AbortSignal): Promise<Contract[]>;
  /** Numbers of the contracts on this node, as the chain has them. */
  active(signal: AbortSignal): Promise<number[]>;
  /** From the chain; null if it has none of that number. */
  contract(id: number, signal: AbortSignal): Promise<Contract | null>;
  /** zos.deployment.list: what stands on the node for this account. */
  deployments(signal: AbortSignal): Promise<answers.Deployment[]>;
  statistics(signal: AbortSignal): Promise<answers.Statistics>;
  pools(signal: AbortSignal): Promise<answers.Pools>;
  /** Makes the contract, and with it the deployment; returns when the node has set it up. @throws Refusal */
  deploy(deployment: object, signal: AbortSignal): Promise<void>;
  /** Ends the contract. That the machine is gone shows in `deployments`, later. @throws Refusal */
  cancel(id: number, signal: AbortSignal): Promise<void>;
  /** Not of the grid: only a server that has been given these two calls has them. */
  power(id: number, to: "start" | "stop", signal: AbortSignal): Promise<void>;
};
export type Contract = { id: number; twin: number; data: string };

const ASK_SECONDS = 20;
/** A contract takes some blocks, and the image may not be on the node yet. */
const DEPLOY_SECONDS = 570;
const CANCEL_SECONDS = 60;
const PAGE = 1000;
const MOST_PAGES = 20;

const CONTRACTS = `query contracts($node: Int!, $limit: Int!, $offset: Int!) {
  nodeContracts(
    where: { nodeID_eq: $node, state_in: [Created, GracePeriod] }
    orderBy: contractID_ASC, limit: $limit, offset: $offset
  ) { contractID twinID deploymentData }
  nodeContractsConnection(
    where: { nodeID_eq: $node, state_in: [Created, GracePeriod] }
    orderBy: contractID_ASC
  ) { totalCount }
}`;

export function gridOf({ url, graphql, node }: Settings): Grid {
  const call = async <T>(
    method: string,
    body: object,
    schema: z.ZodType<T>,
    signal: AbortSignal,
    seconds = ASK_SECONDS,
  ): Promise<T> => {
    // What answers nothing may leave `result` out.
    const answer = z
      .looseObject({})
      .transform(({ result }) => result)
      .pipe(schema);
    return send({ doing: method, url: `${url}/${method}`, body, schema: answer, refusal, seconds }, signal);
  };
  const nothing = z.unknown();
  return {
    async indexed(signal) {
      const found: Contract[] = [];
      for (let page = 0; page < MOST_PAGES; page++) {
        const variables = { node, limit: PAGE, offset: page * PAGE };
        const body = { query: CONTRACTS, variables };
        const call = { doing: "contracts by GraphQL", url: graphql, body, schema: answers.indexPage };
        const { data } = await send({ ...call, refusal, seconds: ASK_SECONDS }, signal);
        for (const one of data.nodeContracts)
          found.push({ id: one.contractID, twin: one.twinID, data: one.deploymentData });
        // What was created or cancelled between two pages moves the others: the chain decides in the end (look.ts).
        if (data.nodeContracts.length < PAGE || found.length >= data.nodeContractsConnection.totalCount)
          return found;
      }
      throw new DriverError("failed", `Node ${node} has more than ${MOST_PAGES * PAGE} contracts`);
    },
    active: (signal) => call("contracts/getActiveContracts", { nodeId: node }, answers.contractIds, signal),
    async contract(id, signal) {
      const found = await call("contracts/get", { id }, answers.chainContract, signal);
      const on = found?.contractType.nodeContract;
      return on === undefined || found === null || on.nodeId !== node
        ? null
        : { id, twin: found.twinId, data: on.deploymentData };
    },
    deployments: (signal) => call("zos/listDeployments", { nodeId: node }, answers.deployments, signal),
    statistics: (signal) => call("zos/getNodeStatistics", { nodeId: node }, answers.statistics, signal),
    pools: (signal) => call("zos/getStoragePools", { nodeId: node }, answers.pools, signal),
    async deploy(deployment, signal) {
      await call("zos/deploy", { ...deployment, node_id: node }, nothing, signal, DEPLOY_SECONDS);
    },
    async cancel(id, signal) {
      await call("contracts/cancel", { id }, nothing, signal, CANCEL_SECONDS);
    },
    async power(id, to, signal) {
      await call(`vms/${to}`, { contractId: id }, nothing, signal, CANCEL_SECONDS);
    },
  };
}

/** The HTTP server of the grid's client answers so, with what the chain or the node has said. */
function refusal(status: number, body: unknown): string | null {
  return status === 400 ? (answers.refused.safeParse(body).data?.error ?? null) : null;
}
