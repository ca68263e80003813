import { access, constants } from "node:fs/promises";
import { SCRATCH, withScratch } from "./scratch.ts";
import { runTool, ToolError } from "./tool.ts";
import type { Virsh } from "./virsh.ts";

/**
 * Whether machines run on the processor itself (`kvm`) or are emulated (`qemu`). libvirt believes in a KVM that can be
 * opened, but in a host that is a guest itself such a KVM may never run a single instruction. So it is tried: a boot
 * sector whose first act is to end its machine.
 */
export async function acceleratorOf(virsh: Virsh, signal: AbortSignal): Promise<"kvm" | "qemu"> {
  const capabilities = await virsh(["domcapabilities"], { signal });
  const [emulator] = /(?<=<path>)[^<]*/.exec(capabilities) ?? [];
  if (emulator === undefined || !capabilities.includes("<domain>kvm</domain>")) return "qemu";
  // Where this user may not try it, or there is no such boot sector, libvirt's word has to do.
  const isOpen = await access("/dev/kvm", constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isOpen || !emulator.endsWith("x86_64")) return "kvm";
  return (await runsBootSector(emulator, "kvm", signal)) ? "kvm" : "qemu";
}

/** mov dx, 0xf4; mov al, 0x10; out dx, al; hlt */
const PROGRAM = [0xba, 0xf4, 0x00, 0xb0, 0x10, 0xee, 0xf4];
const SECTOR_BYTES = 512;
const SIGNATURE = [0x55, 0xaa];
/** QEMU's device makes it `value * 2 + 1`, which is never 0. */
const EXIT_CODE = 0x10 * 2 + 1;
/** It takes half a second, also by emulation. */
const TRY_MS = 15_000;

/** Exported for `npm run test:libvirt`, which shows that it runs where it is emulated. */
export function runsBootSector(emulator: string, accelerator: string, signal: AbortSignal): Promise<boolean> {
  return withScratch(async (file) => {
    const sector = Buffer.alloc(SECTOR_BYTES);
    sector.set(PROGRAM);
    sector.set(SIGNATURE, SECTOR_BYTES - SIGNATURE.length);
    await file.writeFile(sector);
    const args = ["-accel", accelerator, "-cpu", "max", "-machine", "pc", "-m", "64", "-nodefaults"];
    const exit = ["-display", "none", "-no-reboot", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x1"];
    const disk = ["-drive", `file=${SCRATCH},format=raw,if=ide,snapshot=on`];
    try {
      await runTool(emulator, [...args, ...exit, ...disk], { signal, file: file.fd, milliseconds: TRY_MS });
      return false;
    } catch (error) {
      if (error instanceof ToolError) return error.code === EXIT_CODE;
      throw error;
    }
  });
}
