import type { CreateRequest } from "../../../src/relay/driver.ts";
import { escapeXml, markXml, type Owner, volumeName } from "./mark.ts";
import { webForward } from "./web.ts";

/**
 * A machine as libvirt is told of it, with its mark: nothing of it exists before this is defined. What operators most
 * likely want otherwise (devices, CPU model, network) is here.
 */
export type DomainPlan = {
  owner: Owner;
  request: CreateRequest;
  /** What libvirt is to know the domain by; in its mark too, where a clone inherits it. */
  uuid: string;
  pool: string;
  network: "closed" | "open";
  type: "kvm" | "qemu";
  /** What the hypervisor starts in place of a boot loader; null for an image that boots by itself. */
  boot: { kernel: string; initrd: string } | null;
  /** File that keeps the end of what the serial port said. */
  console: string;
};

export function domainXml(plan: DomainPlan): string {
  const { owner, request, uuid, pool, network, type, boot, console } = plan;
  const { name, shape, port, httpPort } = request;
  const volume = (part: "disk" | "seed") =>
    `<source pool="${escapeXml(pool)}" volume="${escapeXml(volumeName(owner, name, part))}"/>`;
  return `<domain type="${type}" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">
  <name>${name}</name>
  <uuid>${uuid}</uuid>
  <metadata>${markXml({ ...owner, name: request.mark?.machine ?? name, port, httpPort, uuid })}</metadata>
  <memory unit="MiB">${shape.memoryMib}</memory>
  <vcpu>${shape.vcpus}</vcpu>
  <os><type machine="q35">hvm</type>${boot === null ? '<boot dev="hd"/>' : bootXml(boot)}</os>
  <features><acpi/></features>
  <cpu mode="maximum"/>
  <on_crash>restart</on_crash>
  <devices>
    <disk type="volume" device="disk">
      <driver name="qemu" type="qcow2" discard="unmap"/>${volume("disk")}<target dev="vda" bus="virtio"/>
    </disk>
    <disk type="volume" device="disk">
      <driver name="qemu" type="raw"/>${volume("seed")}<target dev="vdb" bus="virtio"/><readonly/>
    </disk>
    <serial type="file"><source path="${escapeXml(console)}"/></serial>
    <rng model="virtio"><backend model="random">/dev/urandom</backend></rng>
    <controller type="usb" model="none"/>
    <memballoon model="none"/>
  </devices>
  <qemu:commandline>
    <qemu:arg value="-netdev"/><qemu:arg value="${netdev(port, httpPort, network)}"/>
    <qemu:arg value="-device"/><qemu:arg value="virtio-net-pci,netdev=warmpool,romfile=,addr=0x1e"/>
  </qemu:commandline>
</domain>
`;
}

const KERNEL_PARAMETERS = [
  ...["root=LABEL=root", "rw", "quiet", "console=ttyS0"],
  // On a busy host an emulated timer is late for the test that the kernel makes of it, and the kernel gives up.
  "no_timer_check",
  // Seconds until it boots again after a panic, instead of standing still.
  "panic=10",
];

function bootXml({ kernel, initrd }: { kernel: string; initrd: string }): string {
  return (
    `<kernel>${escapeXml(kernel)}</kernel><initrd>${escapeXml(initrd)}</initrd>` +
    `<cmdline>${KERNEL_PARAMETERS.join(" ")}</cmdline>`
  );
}

/**
 * QEMU's own network in the process of the machine itself: it needs no right, no bridge and no second process, and its
 * ports are free once the machine has ended. libvirt's XML can forward ports only by passt, which does not run as root.
 */
function netdev(port: number, httpPort: number, network: DomainPlan["network"]): string {
  const closed = network === "closed" ? ["restrict=on"] : [];
  const forwards = [`hostfwd=tcp:127.0.0.1:${port}-:22`, webForward(httpPort)];
  return ["user", "id=warmpool", ...closed, ...forwards].join(",");
}
