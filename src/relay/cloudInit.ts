/**
 * For a `bootedCommand`: waits for cloud-init where it is at work, whatever made the machine. It goes on long after SSH
 * has answered, and may restart sshd on its way (it does where the image lets passwords in). Its exit 1 is a failure for
 * good; 2 (since 23.4) means finished, with errors that it recovered from. Where systemd has not started it there is
 * nothing to wait for.
 */
export const CLOUD_INIT_DONE =
  "[ ! -e /run/cloud-init/enabled ] || cloud-init status --wait --long || [ $? = 2 ]";
