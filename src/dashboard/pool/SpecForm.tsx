import { useId } from "react";
import type { RecipeView } from "../../contract/recipe.ts";
import { SPEC_DEFAULTS } from "../../contract/specDefaults.ts";
import { type SpecDraft, withMember } from "../text/spec.ts";
import { writeDuration } from "../text/time.ts";
import { CheckField, DurationField, NumberField, TextField } from "./fields.tsx";

/** A pool's spec as a form: what is changed often first, the rest below. */
export function SpecForm({
  spec,
  recipes,
  isNew,
  change,
}: {
  spec: SpecDraft;
  recipes: readonly RecipeView[];
  isNew: boolean;
  change: (spec: SpecDraft) => void;
}) {
  const id = useId();
  const set = <Name extends keyof SpecDraft>(name: Name, value: SpecDraft[Name] | undefined) =>
    change(withMember(spec, name, value));
  const { shape } = spec;
  const size = (part: Partial<SpecDraft["shape"]>) => set("shape", { ...shape, ...part });
  return (
    <div className="stack">
      <div className="fields">
        {isNew ? <TextField label="Name" value={spec.name} set={(value) => set("name", value)} /> : null}
        <NumberField
          label="Target: machines kept ready"
          value={spec.targetSize}
          set={(value) => set("targetSize", value)}
        />
        <NumberField
          label="Maximum of all machines"
          value={spec.maxSize}
          set={(value) => set("maxSize", value)}
        />
        <NumberField label="Virtual CPUs" value={shape.vcpus} set={(vcpus) => size({ vcpus })} />
        <NumberField label="Memory, MiB" value={shape.memoryMib} set={(memoryMib) => size({ memoryMib })} />
        <NumberField label="Disk, GiB" value={shape.diskGib} set={(diskGib) => size({ diskGib })} />
        <TextField label="Image" value={spec.image} set={(value) => set("image", value)} />
        <div className="field">
          <label htmlFor={`${id}-type`}>Kind of machine</label>
          <select
            id={`${id}-type`}
            className="input"
            value={spec.instanceType}
            onChange={(event) => set("instanceType", event.target.value as SpecDraft["instanceType"])}
          >
            <option value="virtual-machine">virtual machine</option>
            <option value="container">container</option>
          </select>
        </div>
        <div className="field">
          <label htmlFor={`${id}-recipe`}>Recipe</label>
          <select
            id={`${id}-recipe`}
            className="input"
            value={spec.recipe}
            onChange={(event) => set("recipe", event.target.value)}
          >
            {recipes.some(({ name }) => name === spec.recipe) ? null : <option>{spec.recipe}</option>}
            {recipes.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </div>
        <DurationField
          label="Testers' time"
          value={spec.assignmentTtlSeconds}
          none="no end"
          set={(value) => set("assignmentTtlSeconds", value)}
        />
        <DurationField
          label="Testers may extend to"
          value={spec.testerTtlSeconds}
          none="not by themselves"
          set={(value) => set("testerTtlSeconds", value)}
        />
        <div className="field wide">
          <label htmlFor={`${id}-keys`}>Admin SSH keys, one per line</label>
          <textarea
            id={`${id}-keys`}
            className="input mono"
            rows={3}
            spellCheck={false}
            value={spec.adminSshKeys.join("\n")}
            onChange={(event) =>
              set("adminSshKeys", event.target.value === "" ? [] : event.target.value.split("\n"))
            }
          />
        </div>
      </div>
      <details>
        <summary>Checks, times and placement</summary>
        <div className="fields">
          <TextField
            label="Ready command, on the machine"
            value={spec.readyCommand ?? ""}
            set={(value) => set("readyCommand", value === "" ? undefined : value)}
          />
          <TextField
            label="Health command, on the machine"
            value={spec.healthCommand ?? ""}
            set={(value) => set("healthCommand", value === "" ? undefined : value)}
          />
          <TextField
            label="Access command, on the node"
            value={spec.accessCommand ?? ""}
            set={(value) => set("accessCommand", value === "" ? undefined : value)}
          />
          <DurationField
            label="Boots within"
            value={spec.bootTimeoutSeconds}
            none={writeDuration(SPEC_DEFAULTS.bootTimeoutSeconds)}
            set={(value) => set("bootTimeoutSeconds", value)}
          />
          <DurationField
            label="Hold failed machines for"
            value={spec.holdFailedSeconds}
            none={writeDuration(SPEC_DEFAULTS.holdFailedSeconds)}
            set={(value) => set("holdFailedSeconds", value)}
          />
          <DurationField
            label="Replace machines after"
            value={spec.machineTtlSeconds}
            none="never"
            set={(value) => set("machineTtlSeconds", value)}
          />
          <NumberField
            label="Failed probes until replacement"
            value={spec.failureThreshold ?? SPEC_DEFAULTS.failureThreshold}
            set={(value) => set("failureThreshold", value)}
          />
          <TextField
            label="Nodes, separated by commas"
            value={(spec.nodes ?? []).join(", ")}
            set={(value) => set("nodes", listOf(value))}
          />
          <TextField
            label="Node labels, separated by commas"
            value={(spec.nodeLabels ?? []).join(", ")}
            set={(value) => set("nodeLabels", listOf(value))}
          />
          <CheckField
            label="Testers may use sudo"
            value={spec.sudo ?? SPEC_DEFAULTS.sudo}
            set={(value) => set("sudo", value)}
          />
          <CheckField
            label="Keep the admin keys at hand-over"
            value={spec.keepAdminKeys ?? SPEC_DEFAULTS.keepAdminKeys}
            set={(value) => set("keepAdminKeys", value)}
          />
        </div>
      </details>
    </div>
  );
}

/** `a, b` as a list; undefined if there is nothing in it, for any node then will do. */
function listOf(text: string): string[] | undefined {
  const names = text.split(",").map((name) => name.trimStart());
  return names.every((name) => name === "") ? undefined : names;
}
