import { count } from 'fiftyone/cli-support';
import { type ClientList, type ConnectedClient, oldestClient, type Verdict, verdictOn } from '../clients.js';

/** Who is connected now and what a release means to them, a line each. */
export function clientLines({ clients, note }: ClientList, openSource: string): string[] {
  const ours = clients.filter(({ app }) => app === 'fiftyone');
  const others = clients.length - ours.length;
  return [
    ...(ours.length === 0
      ? ['no client of FiftyOne is connected']
      : ours.map((client) => lineOf(client, verdictOn(client, openSource)))),
    ...(ours.some((client) => verdictOn(client, openSource) === 'unknown')
      ? [
          `(clients older than open source ${oldestClient(openSource)} are refused; Python clients do not tell the server their version)`,
        ]
      : []),
    ...(others > 0
      ? [
          `${count(others, 'other program')}: ${clients
            .filter(({ app }) => app !== 'fiftyone')
            .map(nameOf)
            .join('; ')}`,
        ]
      : []),
    ...(note === undefined ? [] : [`note: ${note}`]),
  ];
}

const SAYS: Readonly<Record<Verdict, string>> = {
  refused: 'WILL BE REFUSED',
  stays: 'can go on',
  unknown: 'of unknown version',
  other: '',
};

function lineOf(client: ConnectedClient, verdict: Verdict): string {
  const sdk = client.sdk === undefined ? '' : ` SDK ${client.sdk},`;
  return `fiftyone,${sdk} ${client.driver} on ${client.host}, ${count(client.connections, 'connection')}: ${SAYS[verdict]}`;
}

function nameOf({ app, driver, host }: ConnectedClient): string {
  return `${app === '' ? driver : `${app} (${driver})`} on ${host}`;
}
