/**
 * The way to what a tester opens in a browser. It listens on the machine's own 127.0.0.1, which no forwarding from
 * outside reaches: so the port is forwarded to another one, where systemd passes everything on.
 */
const INSIDE = 10;

/** For QEMU's user network. */
export function webForward(httpPort: number): string {
  return `hostfwd=tcp:127.0.0.1:${httpPort}-:${INSIDE}`;
}

/** For cloud-init, which runs it at the end of the first boot; what it sets up stays. */
export function vendorData(httpPort: number): string {
  return `#!/bin/sh
set -eu
cat >/etc/systemd/system/warmpool-web.socket <<'UNIT'
[Unit]
Description=Passes on what the tester of this machine opens in a browser
[Socket]
ListenStream=0.0.0.0:${INSIDE}
[Install]
WantedBy=sockets.target
UNIT
cat >/etc/systemd/system/warmpool-web.service <<'UNIT'
[Service]
ExecStart=/usr/lib/systemd/systemd-socket-proxyd 127.0.0.1:${httpPort}
UNIT
systemctl daemon-reload
systemctl enable --now warmpool-web.socket
`;
}
