declare module 'mongodb/lib/cmap/connection.js' {
  /** A connection of the driver to a server: every command goes through it. */
  class Connection {
    readonly socket: import('node:net').Socket;
    readonly address: string;
    command(ns: { readonly db: string }, command: object, options?: object, responseType?: unknown): Promise<unknown>;
    writeCommand(command: object, options: object): Promise<void>;
  }
  const connections: { readonly Connection: typeof Connection };
  export default connections;
}
