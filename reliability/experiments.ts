import { clocks } from './clocks.js';
import { disksFull } from './disk-full.js';
import type { Experiment } from './experiment.js';
import { kills } from './kills.js';
import { loads } from './loads.js';
import { blackHoles, cuts, slowness } from './network.js';
import { races } from './races.js';
import { stepDowns } from './step-downs.js';
import { toxics } from './toxiproxy.js';
import { zombies } from './zombies.js';

/** All experiments, in the order of docs/reliability.md. */
export const experiments: readonly Experiment[] = [
  {
    name: 'kills',
    title: 'kill -9 of the command at random moments, also while it resumes',
    rounds: 100,
    abreast: 10,
    run: (conditions) => kills(conditions, { waits: true }),
  },
  {
    name: 'races',
    title: 'processes that race for the same database, some of them stopped for longer than a lease',
    rounds: 50,
    abreast: 5,
    run: races,
  },
  {
    name: 'zombies',
    title: 'a command that arrives after its runner has lost the lease',
    rounds: Number.POSITIVE_INFINITY,
    abreast: 12,
    run: zombies,
  },
  { name: 'loads', title: 'processes that load an old dataset together', rounds: 10, abreast: 2, run: loads },
  {
    name: 'cuts',
    title: 'the network is cut before, in or after a command',
    rounds: Number.POSITIVE_INFINITY,
    abreast: 4,
    run: cuts,
  },
  { name: 'black-holes', title: 'the network swallows everything', rounds: 12, abreast: 12, run: blackHoles },
  { name: 'slow', title: 'the network is slow', rounds: 3, abreast: 3, run: slowness },
  { name: 'toxics', title: 'toxiproxy cuts, slows and slices', rounds: 60, abreast: 4, run: toxics },
  { name: 'step-downs', title: 'the primary of a replica set steps down', rounds: 30, abreast: 1, run: stepDowns },
  { name: 'disk-full', title: 'the disk of the server is full', rounds: 12, abreast: 1, run: disksFull },
  { name: 'clocks', title: 'the clocks of runners are off by an hour', rounds: 12, abreast: 6, run: clocks },
];
