import type { StepContext } from './revision.js';

/** A name made of the local time, `2024.05.06.07.08.09`; with microseconds if another dataset has it. */
export function timeName({ now, others }: StepContext): string {
  const time = new Date(now.ms);
  const parts = [time.getMonth() + 1, time.getDate(), time.getHours(), time.getMinutes(), time.getSeconds()];
  const name = [String(time.getFullYear()).padStart(4, '0'), ...parts.map((part) => String(part).padStart(2, '0'))].join('.');
  const micros = time.getMilliseconds() * 1000 + now.micros;
  return others.names.has(name) ? `${name}.${String(micros).padStart(6, '0')}` : name;
}
