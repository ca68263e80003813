import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { Chain, type Contract, type Pace } from "./chain.ts";
import { wanted } from "./deployments.ts";
import { type Hypervisor, Node, type NodeOptions } from "./node.ts";

/**
 * A grid of one node and one account, which answers on the loopback what the grid's HTTP server and the index of the
 * chain answer. It has the habits of the real one that a driver must cope with: contracts take a block, the index is
 * late, a machine outlives its contract, a disk may outlive the machine, and a call that was abandoned continues.
 */
export type Simulator = AsyncDisposable & { node: Node; chain: Chain; env: Record<string, string> };

const TWIN = 7;
const NODE = 11;

export async function startSimulator(
  options: NodeOptions & Pace,
  hypervisor: Hypervisor,
): Promise<Simulator> {
  const chain = new Chain(options);
  const node = new Node(options, chain, hypervisor);
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    handle(chain, node, request).then(
      (body) => (body === null ? answer(404, { message: "not found" }) : answer(200, body)),
      (error: unknown) => answer(400, { error: error instanceof Error ? error.message : String(error) }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    node,
    chain,
    env: {
      WARMPOOL_GRID_URL: `http://127.0.0.1:${port}`,
      WARMPOOL_GRID_TWIN: `${TWIN}`,
      WARMPOOL_GRID_NODE: `${NODE}`,
      WARMPOOL_GRID_SSH: "allotted",
      WARMPOOL_GRID_POWER: "calls",
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await node.close();
    },
  };
}

const byId = z.object({ id: z.int() });
const byContract = z.object({ contractId: z.int() });
const page = z.object({ variables: z.object({ node: z.int(), limit: z.int(), offset: z.int() }) });

/** @returns what is answered; null if there is no such call @throws Error for status 400 */
async function handle(chain: Chain, node: Node, request: IncomingMessage): Promise<object | null> {
  const body: unknown = JSON.parse(await text(request));
  const id = () => byId.parse(body).id;
  switch (request.url) {
    case "/graphql": {
      const { variables: at } = page.parse(body);
      const all = chain.indexed(at.node);
      return {
        data: {
          nodeContracts: all.slice(at.offset, at.offset + at.limit).map(indexed),
          nodeContractsConnection: { totalCount: all.length },
        },
      };
    }
    case "/contracts/getActiveContracts":
      return { result: chain.active(NODE).map((contract) => contract.id) };
    case "/contracts/get": {
      const contract = chain.get(id());
      if (contract === null) return { result: null };
      const nodeContract = { nodeId: contract.node, deploymentData: contract.data };
      return { result: { twinId: contract.twin, contractType: { nodeContract } } };
    }
    case "/contracts/cancel":
      await chain.cancel(id());
      return { result: id() };
    case "/zos/deploy":
      return { result: await deploy(chain, node, wanted.parse(body)) };
    case "/zos/listDeployments":
      return { result: node.deployments(TWIN) };
    case "/zos/getNodeStatistics":
      return { result: node.statistics() };
    case "/zos/getStoragePools":
      return { result: node.storage.pools() };
    case "/vms/start":
    case "/vms/stop":
      await node.power(byContract.parse(body).contractId, request.url === "/vms/start" ? "start" : "stop");
      return { result: true };
    default:
      return null;
  }
}

/** As the client of the grid: what could not be set up is cancelled, and its message is the answer. */
async function deploy(
  chain: Chain,
  node: Node,
  asked: z.infer<typeof wanted>,
): Promise<{ created: { contractId: number }[] }> {
  const contract = await chain.create(TWIN, asked.node_id, asked.metadata);
  try {
    await node.deploy(contract, asked);
  } catch (error) {
    await chain.cancel(contract.id).catch(() => undefined);
    throw error;
  }
  return { created: [{ contractId: contract.id }] };
}

function indexed({ id, twin, data }: Contract): object {
  return { contractID: `${id}`, twinID: `${twin}`, deploymentData: data };
}
