import { Socket } from "node:net";

/**
 * The TCP connection below an SSH connection. The SSH library does its work in listeners on this socket, and what they
 * throw has no other handler: without this it would end the process.
 */
export class SshSocket extends Socket {
  /** Called with whatever a listener has thrown: a reason to destroy the socket. */
  onFault: (error: Error) => void = () => undefined;
  /** Called before the listeners see so many bytes more. */
  onBytes: (count: number) => void = () => undefined;

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    const [value] = values;
    if (event === "data" && Buffer.isBuffer(value)) this.onBytes(value.length);
    try {
      return super.emit(event as string, ...(values as []));
    } catch (error) {
      this.onFault(error instanceof Error ? error : new Error(String(error)));
      return true;
    }
  }
}
