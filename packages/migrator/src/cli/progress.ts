import { type Progress, showProgress } from 'fiftyone/cli-support';
import type { MigratorEvent } from '../migrator.js';
import type { Service } from '../service.js';

/** Shows what a run over services does, until it ends. */
export interface DeploymentProgress {
  tell(event: MigratorEvent): void;
  end(): void;
}

/** A bar for each service on a terminal, lines elsewhere; with `--json` nothing. */
export async function deploymentProgress(
  stream: NodeJS.WriteStream,
  services: readonly Service[],
  flags: { readonly json?: boolean; readonly verbose?: boolean },
): Promise<DeploymentProgress> {
  const write = (line: string) => {
    if (!flags.json) stream.write(`${line}\n`);
  };
  const make = (phase: string) =>
    Promise.all(
      services.map(async ({ name }): Promise<[string, Progress]> => {
        const noun = name === 'datasets' ? 'dataset' : 'service';
        return [`${phase} ${name}`, await showProgress(stream, { ...flags, noun })];
      }),
    );
  // events come while nobody can wait for anything
  const all = new Map([...(await make('apply')), ...(await make('revert'))]);
  let current: Progress | undefined;
  const end = () => {
    current?.end();
    current = undefined;
  };
  const tell = (event: MigratorEvent): void => {
    if (event.kind === 'within') {
      current?.tell(event.event);
      return;
    }
    end();
    if (event.phase === 'plan') write(`Planning ${event.service}`);
    if (event.phase === 'revert') write(`Taking back ${event.service}`);
    current = all.get(`${event.phase} ${event.service}`);
  };
  return { tell, end };
}
