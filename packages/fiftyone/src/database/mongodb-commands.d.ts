declare module 'mongodb/lib/cmap/commands.js' {
  class DocumentSequence {
    constructor(field: string);
    push(document: object, bytes: Uint8Array): number;
  }
  const commands: { DocumentSequence: typeof DocumentSequence };
  export default commands;
}
