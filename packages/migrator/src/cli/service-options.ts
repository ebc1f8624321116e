import type { Command } from 'commander';

/** Options that choose services. */
export function addServices(command: Command, withJson = true): Command {
  command.option('--include <service...>', 'only these services').option('--exclude <service...>', 'all services but these');
  return withJson ? command.option('--json', 'print the result as JSON') : command;
}
