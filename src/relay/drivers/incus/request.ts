import type { CreateRequest } from "../../driver.ts";
import { idMark, ownerMark, portMark } from "./mark.ts";
import type { Owner } from "./mark.ts";
import type { Place } from "./place.ts";
import { userData } from "../../userData.ts";

/**
 * The body that asks Incus for this machine. A pure function of what it is given; golden files hold it in the tests.
 * @param uuid what Incus is to know the instance by, as `volatile.uuid`; null if the project forbids to choose it
 */
export function instanceRequest(
  request: CreateRequest,
  place: Place,
  owner: Owner,
  uuid: string | null,
): object {
  const { name, shape, instanceType } = request;
  const mark = ownerMark(request.mark ?? { ...owner, machine: name });
  return {
    name,
    type: instanceType,
    source: { type: "image", alias: place.image ?? request.image },
    profiles: [place.profile],
    config: {
      ...mark,
      ...(uuid === null ? {} : idMark(uuid)),
      ...portMark(request),
      "limits.cpu": String(shape.vcpus),
      "limits.memory": `${shape.memoryMib}MiB`,
      // The node may lose its power: what it then comes back with is judged by the edge, not left switched off.
      "boot.autostart": "true",
      // Inside a machine nobody has to read how it was configured: the user-data below holds its host key.
      "security.guestapi": "false",
      "cloud-init.user-data": userData(request),
      // User ids of its own on the node: what the kernel counts by them (keys, watches), and what a user who breaks
      // out could touch, is then one machine's alone.
      ...(instanceType === "container" ? { "security.idmap.isolated": "true" } : {}),
    },
    devices: {
      root: {
        type: "disk",
        path: "/",
        pool: place.storagePool,
        size: `${shape.diskGib}GiB`,
        ...Object.fromEntries(Object.entries(mark).map(([key, value]) => [`initial.${key}`, value])),
      },
      ...(instanceType === "container" ? proxies(request) : cloudInitDrive()),
    },
  };
}

/** A container is reached through loopback ports of the node, whether or not its profile gives it a network. */
function proxies({ port, httpPort }: CreateRequest): object {
  const proxy = (listen: number, connect: number) => ({
    type: "proxy",
    bind: "host",
    listen: `tcp:127.0.0.1:${listen}`,
    connect: `tcp:127.0.0.1:${connect}`,
  });
  return { ssh: proxy(port, 22), http: proxy(httpPort, httpPort) };
}

/** A virtual machine is reached at its own address; its user-data reaches it on a small drive that NoCloud reads. */
function cloudInitDrive(): object {
  return { "cloud-init": { type: "disk", source: "cloud-init:config" } };
}
