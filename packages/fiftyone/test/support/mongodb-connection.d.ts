declare module 'mongodb/lib/cmap/connection.js' {
  /** A connection of the driver to a server: every command goes through it. */
  export class Connection {
    command(ns: { readonly db: string }, command: object, options?: object, responseType?: unknown): Promise<unknown>;
  }
}
