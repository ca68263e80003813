import { Dialog } from "../parts/Dialog.tsx";
import { GO } from "./keys.ts";

/** What the keys do. */
export function Keys({ onClose }: { onClose: () => void }) {
  const rows: [keys: string[], does: string][] = [
    [["/"], "Search machines, testers, pools and nodes"],
    [["?"], "Show these shortcuts"],
    [["Esc"], "Close the open dialog"],
    [["←", "→", "↑", "↓"], "Move in the grid of machines"],
    [["Enter"], "Open the machine"],
    ...GO.map(([letter, , name]): [string[], string] => [["g", letter], `Go to ${name}`]),
  ];
  return (
    <Dialog title="Keys" onClose={onClose}>
      <div className="dialog-body">
        <dl className="keys">
          {rows.map(([keys, does]) => (
            <KeyRow key={does} keys={keys} does={does} />
          ))}
        </dl>
      </div>
    </Dialog>
  );
}

function KeyRow({ keys, does }: { keys: string[]; does: string }) {
  return (
    <>
      <dt className="row">
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{does}</dd>
    </>
  );
}
