import type { Login } from "../../login.ts";

/** Makes an account on a machine as set-up does, with these keys and no others, and gives its home. */
export async function addAccount(root: Login, name: string, keys: string[]): Promise<string> {
  const script = `set -e
    if [ "$WARMPOOL_UNPRIVILEGED" = 1 ]; then home=$WARMPOOL_HOMES/${name}; mkdir "$home"
    else useradd -m -s /bin/bash -G audio ${name}; home=/home/${name}; fi
    mkdir -m 700 "$home/.ssh"
    cat > "$home/.ssh/authorized_keys"
    chmod 600 "$home/.ssh/authorized_keys"
    [ "$WARMPOOL_UNPRIVILEGED" = 1 ] || chown -R ${name}: "$home"
    echo "$home"`;
  const { code, stdout, stderr } = await root.exec(script, { stdin: keys.join("\n") + "\n" });
  if (code !== 0) throw new Error(`the account ${name} could not be made: ${stderr}`);
  return stdout.trim();
}
