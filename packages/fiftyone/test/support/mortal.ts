import connections from 'mongodb/lib/cmap/connection.js';

/** How the last command of a process that dies ended: it never left, or it was done and nobody heard the answer. */
export const DEATHS = ['unsent', 'unheard'] as const;
export type Death = (typeof DEATHS)[number];

/** What happened to the commands to one database. */
export interface Mortal {
  /** How many commands were asked for before death, the deadly one included. */
  readonly commands: () => number;
  readonly died: () => boolean;
  /** Resolves when the server has answered all that was sent, and takes the death away. */
  settled(): Promise<void>;
}

/** What the driver gets instead of an answer from then on. It is no error that the driver or our own code know. */
export class DiedError extends Error {
  constructor() {
    super('this process is dead');
    this.name = 'DiedError';
  }
}

interface Life {
  commands: number;
  dead: boolean;
  readonly most: number;
  readonly death: Death;
  readonly underWay: Set<Promise<unknown>>;
}

const lives = new Map<string, Life>();

/**
 * Lets whoever uses these databases die at the n-th command, as far as the databases can tell: nothing is sent any more.
 *
 * @param names one database, or several that one process uses
 * @param most the number of the deadly command; none by default, which only counts
 */
export function mortal(names: string | readonly string[], most = Number.POSITIVE_INFINITY, death: Death = 'unsent'): Mortal {
  const life: Life = { commands: 0, dead: false, most, death, underWay: new Set() };
  for (const name of [names].flat()) lives.set(name, life);
  return {
    commands: () => life.commands,
    died: () => life.dead,
    settled: async () => {
      while (life.underWay.size > 0) await Promise.allSettled(life.underWay);
      for (const name of [names].flat()) lives.delete(name);
    },
  };
}

const { Connection } = connections;
const { command } = Connection.prototype;

Connection.prototype.command = async function (this: InstanceType<typeof Connection>, ns, ...rest) {
  const life = lives.get(ns.db);
  if (life === undefined) return await command.call(this, ns, ...rest);
  if (life.dead) throw new DiedError();
  life.dead = ++life.commands >= life.most;
  if (life.dead && life.death === 'unsent') throw new DiedError();
  const answer = command.call(this, ns, ...rest);
  life.underWay.add(answer);
  try {
    return await answer;
  } finally {
    life.underWay.delete(answer);
    if (life.dead) {
      // whatever was under way at the moment of death is done by the server, and unheard
      // biome-ignore lint/correctness/noUnsafeFinally: the answer must not arrive
      throw new DiedError();
    }
  }
};
