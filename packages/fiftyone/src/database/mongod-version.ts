import { runProgram } from './run-program.js';

/** A MongoDB server program that runs on this machine. */
export interface MongodBinary {
  readonly path: string;
  readonly version: string;
}

/** A mongod with its version. @throws Error if it does not run */
export async function inspectMongod(path: string): Promise<MongodBinary> {
  const version = /^db version v(\S+)/m.exec(await runProgram(path, ['--version']))?.[1];
  if (version === undefined) throw new Error('it does not print the version of a MongoDB server');
  return { path, version };
}

/** The mongod at a path if it runs and is one that FiftyOne supports; if not, the reason is added to what was tried. */
export async function usableMongod(path: string, tried: string[], anyVersion = false): Promise<MongodBinary | undefined> {
  try {
    const mongod = await inspectMongod(path);
    if (anyVersion || Number.parseInt(mongod.version, 10) >= 6) return mongod;
    tried.push(`${path}: version ${mongod.version}, but only 6.0 and higher are supported`);
  } catch (error) {
    tried.push(`${path}: ${(error as Error).message}`);
  }
  return undefined;
}
