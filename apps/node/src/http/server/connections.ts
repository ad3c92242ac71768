/** Which connections have a request in work, so that a stopping server can hang up on the others at once. */
import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';

export class Connections {
  readonly #inWork = new Map<Socket, number>();
  #closing = false;

  /** Follows the connections of one more listener. */
  watch(server: Server | TlsServer, event: 'connection' | 'secureConnection'): void {
    server.on(event, (socket: Socket) => {
      this.#inWork.set(socket, 0);
      socket.on('close', () => this.#inWork.delete(socket));
    });
    server.on('request', (request, response) => {
      const { socket } = request;
      this.#inWork.set(socket, (this.#inWork.get(socket) ?? 0) + 1);
      response.on('close', () => this.#answered(socket));
    });
  }

  /**
   * Hangs up on connections without a request in work, now and as soon as their answers are out. Node's own
   * `closeIdleConnections` spares connections on which nothing was sent yet, and clients open such ones ahead of need.
   */
  closeIdle(): void {
    this.#closing = true;
    for (const [socket, count] of this.#inWork) if (count === 0) socket.destroy();
  }

  #answered(socket: Socket): void {
    const count = this.#inWork.get(socket);
    if (count === undefined) return;
    this.#inWork.set(socket, count - 1);
    if (this.#closing && count === 1) socket.destroySoon();
  }
}
